import { expect, test } from 'vitest';
import { decideCertificate } from '../../src/http/certificate.ts';
import type { PeerCertificate } from '../../src/net/ports.ts';

const catalogue = { vendors: [] };
const certificate = (values: readonly string[], isTrusted = true): PeerCertificate => ({
  subject: values.join(', '),
  values,
  isTrusted,
  ...(isTrusted ? {} : { why: 'it signed itself' }),
});
/** As the maker's guide shows one: the MAC stands in S, and the serial number looks like a MAC. */
const PHONES = certificate(['CP-6841-3PCC', '88012BA01234', '000e08abcdef']);

test('its own file: it goes on with the proof', () => {
  const verdict = decideCertificate({
    certificate: PHONES,
    ask: 'required',
    name: '/000E08ABCDEF.cfg',
    catalogue,
  });
  expect(verdict).toEqual({
    kind: 'go-on',
    proof: { subject: PHONES.subject, macs: ['88012ba01234', '000e08abcdef'] },
  });
});

test('a file without a MAC in its name is for all', () => {
  const verdict = decideCertificate({ certificate: PHONES, ask: 'required', name: '/common.cfg', catalogue });
  expect(verdict.kind).toBe('go-on');
});

test.each([
  { name: '/001565aabbcc.cfg', isTrusted: true },
  { name: '/cfg/00-15-65-AA-BB-CC.xml', isTrusted: true },
  { name: '//001565aabbcc.cfg', isTrusted: false },
])('the file of another phone ($name) is refused, trusted or not: $isTrusted', ({ name, isTrusted }) => {
  const shown = certificate(PHONES.values, isTrusted);
  expect(decideCertificate({ certificate: shown, ask: 'optional', name, catalogue })).toEqual({
    kind: 'refuse',
    because: 'certificate-of-another-phone',
    detail: 'the certificate names 88:01:2b:a0:12:34, 00:0e:08:ab:cd:ef',
  });
});

test.each([
  { what: 'none', shown: undefined, ask: 'optional', is: { kind: 'go-on', proof: undefined } },
  { what: 'none', shown: undefined, ask: 'required', is: { kind: 'refuse', because: 'certificate-needed' } },
  {
    what: 'an untrusted one',
    shown: certificate(['000e08abcdef'], false),
    ask: 'optional',
    is: { kind: 'go-on', proof: undefined },
  },
  {
    what: 'an untrusted one',
    shown: certificate(['000e08abcdef'], false),
    ask: 'required',
    is: { kind: 'refuse', because: 'certificate-not-trusted', detail: 'it signed itself' },
  },
  {
    what: 'one for a whole series',
    shown: certificate(['Desk phones']),
    ask: 'required',
    is: { kind: 'go-on', proof: { subject: 'Desk phones', macs: [] } },
  },
] as const)('where it is $ask and $what is shown', ({ shown, ask, is }) => {
  expect(decideCertificate({ certificate: shown, ask, name: '/000e08abcdef.cfg', catalogue })).toEqual(is);
});
