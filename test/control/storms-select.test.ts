// Whom a storm means: the phones that were named, each once, and nobody beyond.
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import type { StormSelection } from '../../src/control/storms-api.ts';
import { selectPhones } from '../../src/control/storms-select.ts';
import type { Phone } from '../../src/phones/phone.ts';
import { acme } from '../fakes/vendors.ts';

function phone(mac: string, address: string | undefined, model?: string, label?: string): Phone {
  const known = parseMac(mac) ?? expect.fail();
  const identity = { vendor: model === undefined ? undefined : 'acme', model, by: '', conflicts: [] };
  const listed = label === undefined ? undefined : { mac: known, label, columns: {} };
  const at = address === undefined ? undefined : parseIpv4(address);
  return { mac: known, address: at, clues: new Map(), identity, listed } as Phone;
}

const PHONES = [
  phone('02ac3e000003', '10.20.1.3', 'A200', 'hall'),
  phone('02ac3e000001', '10.20.0.1', 'A100', 'desk 1'),
  phone('02ac3e000002', '10.20.0.2', 'A100', 'desk 2'),
  phone('02ac3e000004', undefined),
];
const STAGES = new Map<Mac, string>(PHONES.map(({ mac }, at) => [mac, at === 1 ? 'stuck' : 'proven']));

const select = async (said: Partial<StormSelection>): Promise<readonly string[] | string> => {
  const found = await selectPhones(
    { all: false, ...said },
    {
      phones: PHONES,
      vendorOf: ({ identity }) => (identity.vendor === 'acme' ? acme : undefined),
      stages: async () => await Promise.resolve(STAGES),
      unconfirmedOf: (id) => (id === 'one' ? [PHONES[2]?.mac ?? expect.fail()] : undefined),
    },
  );
  return typeof found === 'string' ? found : found.map(({ mac }) => mac.slice(-1));
};

test.each<[string, Partial<StormSelection>, readonly string[]]>([
  ['all, by MAC', { all: true }, ['1', '2', '3', '4']],
  [
    'one that is named three times, in three spellings',
    { macs: ['02ac3e000002', '02:AC:3E:00:00:02', '02-ac-3e-00-00-02'] },
    ['2'],
  ],
  [
    'named ones that the rest leaves over',
    { macs: ['02ac3e000002', '02ac3e000003'], subnet: '10.20.1.0/24' },
    ['3'],
  ],
  ['a subnet: who has no address is not in it', { subnet: '10.20.0.0/16' }, ['1', '2', '3']],
  ['a maker in any case', { vendor: 'ACME' }, ['1', '2', '3']],
  ['a model with a star', { model: 'a1*' }, ['1', '2']],
  ['a label', { label: 'desk*', model: 'A100', vendor: 'acme' }, ['1', '2']],
  ['a stage', { stage: 'stuck' }, ['1']],
  ['who was left over by a storm', { unconfirmedOf: 'one' }, ['2']],
  ['nobody', { vendor: 'acme', label: 'attic' }, []],
])('%s', async (_, selection, macs) => {
  expect(await select(selection)).toEqual(macs);
});

test.each<[Partial<StormSelection>, string]>([
  [{}, 'no phones are named'],
  [{ all: false }, 'no phones are named'],
  [{ all: true, vendor: 'acme' }, 'leave it out to narrow the selection'],
  [{ subnet: '10.20.0.0' }, '"10.20.0.0" is not a subnet'],
  [{ macs: ['02ac3e000002', 'nonsense'] }, '"nonsense" is not a MAC address'],
  [{ macs: ['02ac3e0000ff'] }, '02:ac:3e:00:00:ff is not known here'],
  [{ unconfirmedOf: 'two' }, 'there is no storm two'],
])('%j: %s', async (selection, says) => {
  expect(await select(selection)).toContain(says);
});
