import { expect, test } from 'vitest';
import { macsInSubject } from '../../src/phones/subject.ts';

test.each([
  {
    form: 'product, serial, MAC',
    values: ['CP-6841-3PCC', '88012BA01234', '000e08abcdef'],
    macs: ['88012ba01234', '000e08abcdef'],
  },
  { form: 'the MAC as common name', values: ['001565AABBCC', 'Phones'], macs: ['001565aabbcc'] },
  { form: 'behind a prefix', values: ['SEP000E08ABCDEF'], macs: ['000e08abcdef'] },
  { form: 'with colons', values: ['00:15:65:aa:bb:cc'], macs: ['001565aabbcc'] },
  { form: 'with dashes', values: ['phone 00-15-65-AA-BB-CC.'], macs: ['001565aabbcc'] },
  { form: 'in fours', values: ['0015.65aa.bbcc'], macs: ['001565aabbcc'] },
  { form: 'twice', values: ['001565aabbcc', '00:15:65:AA:BB:CC'], macs: ['001565aabbcc'] },
  {
    form: 'a longer run of digits',
    values: ['001565aabbccd', '00:15:65:aa:bb:cc:dd'.replaceAll(':', '')],
    macs: [],
  },
  { form: 'no MAC at all', values: ['CP-6841-3PCC', 'Example, Inc.'], macs: [] },
  { form: 'what no phone can have', values: ['000000000000', '010203040506'], macs: [] },
  { form: 'nothing', values: [], macs: [] },
])('a subject with $form gives $macs', ({ values, macs }) => {
  expect(macsInSubject(values)).toEqual(macs);
});
