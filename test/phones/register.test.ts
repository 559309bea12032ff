import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import type { Clue } from '../../src/phones/clues.ts';
import { matchFile, nameFor } from '../../src/phones/files.ts';
import { identify, macInUserAgent } from '../../src/phones/identify.ts';
import {
  bindAddress,
  claimAddress,
  createRegister,
  freeAddress,
  meet,
  phoneAt,
} from '../../src/phones/register.ts';
import { urlFor } from '../../src/phones/url.ts';
import { acme, catalogue } from '../fakes/vendors.ts';

const mac = (text: string): Mac => parseMac(text) ?? expect.fail(`${text} is no MAC`);
const address = (text: string) => parseIpv4(text) ?? expect.fail(`${text} is no address`);
const A1 = mac('02ac3e000001');
const B1 = mac('02b017000001');

test.each<{ clues: readonly Clue[]; vendor: string | undefined; model: string | undefined; by: string }>([
  { clues: [{ kind: 'oui', oui: '02ac3e' }], vendor: 'acme', model: undefined, by: 'its MAC' },
  {
    clues: [{ kind: 'oui', oui: '020000' }],
    vendor: undefined,
    model: undefined,
    by: 'nothing it has said so far',
  },
  {
    clues: [
      { kind: 'option-60', text: 'ACME a10' },
      { kind: 'oui', oui: '02ac3e' },
    ],
    vendor: 'acme',
    model: 'A10',
    by: 'DHCP option 60',
  },
  {
    clues: [{ kind: 'option-55', codes: [1, 3, 6, 66] }],
    vendor: 'acme',
    model: undefined,
    by: 'DHCP option 55',
  },
  {
    clues: [{ kind: 'file-name', text: 'a000020.cfg' }],
    vendor: 'acme',
    model: 'A20',
    by: 'the file it asks for',
  },
  // Phones of both makers ask for this one.
  {
    clues: [{ kind: 'file-name', text: 'a000000.cfg' }],
    vendor: undefined,
    model: undefined,
    by: 'nothing it has said so far',
  },
  {
    clues: [{ kind: 'pnp-event', vendor: 'Acme', model: 'SIP-A10', version: '1.0' }],
    vendor: 'acme',
    model: 'A10',
    by: 'its PnP request',
  },
  {
    clues: [
      { kind: 'listed', vendor: 'bolt', model: 'B1' },
      { kind: 'oui', oui: '02ac3e' },
    ],
    vendor: 'bolt',
    model: 'B1',
    by: 'the phone list',
  },
  {
    clues: [
      { kind: 'user-agent', text: 'Acme A20 1.2 02ac3e000001' },
      { kind: 'listed', vendor: 'bolt' },
    ],
    vendor: 'acme',
    model: 'A20',
    by: 'its User-Agent',
  },
])('$clues.0.kind names $vendor $model', ({ clues, vendor, model, by }) => {
  const identity = identify(catalogue, clues);
  expect([identity.vendor, identity.model, identity.by]).toEqual([vendor, model, by]);
});

test('clues that disagree are shown', () => {
  const identity = identify(catalogue, [
    { kind: 'user-agent', text: 'Bolt B1' },
    { kind: 'oui', oui: '02ac3e' },
  ]);
  expect(identity.vendor).toBe('bolt');
  expect(identity.conflicts).toEqual(['its MAC says Acme']);
});

test('the MAC of a User-Agent', () => {
  expect(macInUserAgent(catalogue, 'Acme A10 1.2 02:ac:3e:00:00:01')).toBe(A1);
  expect(macInUserAgent(catalogue, 'curl/8')).toBeUndefined();
});

test.each([
  { name: 'a000010.cfg', ask: 'a{number:6}.cfg', model: 'A10', of: undefined },
  { name: 'A10.CFG', ask: 'a{number:6}.cfg', model: 'A10', of: undefined },
  { name: 'folder/a0000000020.cfg', ask: 'a{number:6}.cfg', model: 'A20', of: undefined },
  { name: '02ac3e000001.cfg', ask: '{mac}.cfg', model: undefined, of: A1 },
  { name: '02-AC-3E-00-00-01.CFG', ask: '{mac}.cfg', model: undefined, of: A1 },
  { name: '02ac3e000001-local.cfg', ask: '{mac}-local.cfg', model: undefined, of: A1 },
])('$name is meant as $ask', ({ name, ask, model, of }) => {
  const match = matchFile(acme, name);
  expect([match?.file.ask, match?.model?.name, match?.mac]).toEqual([ask, model, of]);
});

test.each(['02ac3e00000.cfg', 'x02ac3e000001.cfg', '02ac3e000001.cfg.bak', 'a0000.cfg.txt', 'b000010.cfg'])(
  '%s is no file of the vendor',
  (name) => {
    expect(matchFile(acme, name)).toBeUndefined();
  },
);

test('a file whose name holds the model has no name until the model is known', () => {
  const phone = { mac: A1, identity: { by: '', conflicts: [] } };
  const [, common, own] = acme.files;
  if (common === undefined || own === undefined) throw new Error('the fake vendor has changed');
  expect(nameFor(acme, common, phone)).toBeUndefined();
  expect(nameFor(acme, own, phone)).toBe('02ac3e000001.cfg');
  expect(nameFor(acme, common, { ...phone, identity: { ...phone.identity, model: 'a-10' } })).toBe(
    'a000010.cfg',
  );
});

test('the URL takes the form of the vendor, and there is none without a vendor', () => {
  const server = address('10.20.0.1');
  const told = (identity: { vendor?: string; model?: string }) =>
    urlFor({
      url: 'http://{server}/',
      server,
      catalogue,
      phone: { mac: A1, identity: { ...identity, by: '', conflicts: [] } },
    });
  expect(told({ vendor: 'acme' })).toBe('http://10.20.0.1/');
  expect(told({ vendor: 'bolt' })).toBe('http://10.20.0.1/bolt.xml');
  expect(told({})).toBeUndefined();
});

test('a phone appears once, is identified when a better clue comes, and then is old news', () => {
  const register = createRegister({ catalogue, list: [] });
  const kinds = (clues: readonly Clue[], at: number) =>
    meet(register, { mac: A1, door: 'dhcp', clues, at }).events.map(({ kind }) => kind);
  expect(kinds([], 1)).toEqual(['appeared']);
  expect(kinds([{ kind: 'option-60', text: 'acme A10' }], 2)).toEqual(['identified']);
  expect(kinds([{ kind: 'option-60', text: 'acme A10' }], 3)).toEqual([]);
  expect(kinds([{ kind: 'user-agent', text: 'Bolt B1' }], 4)).toEqual(['identified', 'evidence-conflicts']);
  expect(register.phones.get(A1)?.lastSeen).toBe(4);
  expect(register.phones.get(A1)?.firstSeen).toBe(1);
});

test('a lease settles who is at an address; a claim counts only where there is no lease', () => {
  const register = createRegister({ catalogue, list: [] });
  for (const one of [A1, B1]) meet(register, { mac: one, door: 'dhcp', clues: [], at: 1 });
  const place = address('10.20.0.50');
  claimAddress(register, B1, place);
  expect(phoneAt(register, place)?.mac).toBe(B1);
  bindAddress(register, A1, place);
  expect(phoneAt(register, place)?.mac).toBe(A1);
  claimAddress(register, B1, place);
  expect(phoneAt(register, place)?.mac).toBe(A1);
  freeAddress(register, A1);
  expect(register.phones.get(A1)?.address).toBeUndefined();
});

test('an address that moves to another phone leaves the first one', () => {
  const register = createRegister({ catalogue, list: [] });
  for (const one of [A1, B1]) meet(register, { mac: one, door: 'dhcp', clues: [], at: 1 });
  const place = address('10.20.0.50');
  bindAddress(register, A1, place);
  bindAddress(register, B1, place);
  expect(register.phones.get(A1)?.address).toBeUndefined();
  expect(phoneAt(register, place)?.mac).toBe(B1);
});

test('the memory has an end: who was silent longest is forgotten, many at a time, listed phones never', () => {
  const register = createRegister({ catalogue, list: [{ mac: B1, columns: {} }] });
  const phone = (n: number): Mac => mac(`02ac3e${n.toString(16).padStart(6, '0')}`);
  for (let n = 0; n < 20_050; n += 1) meet(register, { mac: phone(n), door: 'dhcp', clues: [], at: n });
  expect(register.phones.size).toBeGreaterThan(19_000);
  expect(register.phones.size).toBeLessThanOrEqual(20_000);
  expect([B1, phone(0), phone(600), phone(20_049)].map((each) => register.phones.has(each))).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test('a flood of strangers pushes out strangers only', () => {
  const register = createRegister({ catalogue, list: [] });
  const known = mac('02ac3e000001');
  meet(register, { mac: known, door: 'dhcp', clues: [], at: 0 });
  const stranger = (n: number): Mac => mac(`0600${n.toString(16).padStart(8, '0')}`);
  for (let n = 0; n < 10_000; n += 1) {
    meet(register, { mac: stranger(n), door: 'dhcp', clues: [], at: n });
    if (n === 0) bindAddress(register, stranger(0), address('10.99.0.5'));
  }
  expect(register.phones.size).toBeLessThanOrEqual(4_001);
  expect([...register.strangers].every((each) => register.phones.has(each))).toBe(true);
  expect(register.phones.has(known)).toBe(true);
  // What was known of its address goes with it.
  expect([register.phones.has(stranger(0)), register.byAddress.size]).toEqual([false, 0]);
});
