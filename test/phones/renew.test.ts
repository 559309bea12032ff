// The register under another phone list or other vendor files.
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';
import { bindAddress, createRegister, meet, phoneAt, type Register } from '../../src/phones/register.ts';
import { admitHolder, type RegisterNews, renewRegister } from '../../src/phones/renew.ts';
import { catalogue } from '../fakes/vendors.ts';

const mac = (text: string): Mac => parseMac(text) ?? expect.fail(`${text} is no MAC`);
const ADDRESS = parseIpv4('10.20.0.50') ?? expect.fail();
const [A1, A2, LONER] = [mac('02ac3e000001'), mac('02ac3e000002'), mac('020000000001')];
const row = (phone: Mac, label: string) => ({
  mac: phone,
  vendor: 'acme',
  model: 'A10',
  label,
  columns: { label },
});

/** Gives how often there was time for others. */
function renew(register: Register, news: Partial<RegisterNews>): number {
  const steps = renewRegister(register, { catalogue: register.catalogue, list: [], ...news });
  let pauses = 0;
  while (steps.next().done !== true) pauses += 1;
  return pauses;
}

const spoken = (register: Register, phone: Mac) =>
  meet(register, { mac: phone, door: 'http', clues: [{ kind: 'user-agent', text: 'Acme A20 1.0' }], at: 5 });

test('rows come, change and go; what a phone said and where it is stays', () => {
  const register = createRegister({ catalogue, list: [row(A1, 'desk'), row(A2, 'never came')] });
  spoken(register, A1);
  bindAddress(register, A1, ADDRESS);
  renew(register, { list: [row(A1, 'hall'), row(LONER, 'new')] });
  expect(register.phones.get(A1)).toMatchObject({
    listed: { label: 'hall' },
    address: ADDRESS,
    firstSeen: 5,
  });
  expect(register.phones.has(A2)).toBe(false);
  expect(register.phones.get(LONER)).toMatchObject({
    listed: { label: 'new' },
    identity: { vendor: 'acme' },
  });

  renew(register, { list: [] });
  expect(register.phones.get(A1)).toMatchObject({ listed: undefined, identity: { vendor: 'acme' } });
  expect(register.phones.get(A1)?.clues.has('listed')).toBe(false);
  expect(phoneAt(register, ADDRESS)?.mac).toBe(A1);
  expect(register.phones.has(LONER)).toBe(false);
});

test('a phone that loses its row and that nothing speaks for is a stranger, and none any more when it has one', () => {
  const register = createRegister({ catalogue, list: [row(LONER, 'x')] });
  meet(register, { mac: LONER, door: 'dhcp', clues: [], at: 1 });
  renew(register, { list: [] });
  expect([...register.strangers]).toEqual([LONER]);
  renew(register, { list: [row(LONER, 'y')] });
  expect([...register.strangers]).toEqual([]);
});

test('rows that are the same objects are not looked at again', () => {
  const list = [row(A1, 'desk')];
  const register = createRegister({ catalogue, list });
  const before = register.phones.get(A1);
  renew(register, { list });
  expect(register.phones.get(A1)).toBe(before);
});

test('other vendor files are applied to a few phones at a time', () => {
  const list = Array.from({ length: 250 }, (_, index) =>
    row(mac(`02ac3e00${(1000 + index).toString()}`), 'x'),
  );
  const register = createRegister({ catalogue, list });
  const unknowing = { ...catalogue, vendors: [] };
  expect(renew(register, { catalogue: unknowing, list })).toBe(2);
  expect([...register.phones.values()].filter(({ identity }) => identity.vendor !== undefined)).toEqual([]);
  expect(renew(register, { catalogue, list })).toBe(2);
  expect([...register.phones.values()].every(({ identity }) => identity.vendor === 'acme')).toBe(true);
});

test('the holder of a lease that comes from elsewhere is known with its address', () => {
  const register = createRegister({ catalogue, list: [row(A1, 'desk')] });
  admitHolder(register, A1, ADDRESS);
  expect(phoneAt(register, ADDRESS)).toMatchObject({ mac: A1, listed: { label: 'desk' } });
  admitHolder(register, A2, ADDRESS);
  expect(phoneAt(register, ADDRESS)).toMatchObject({ mac: A2, identity: { vendor: 'acme' } });
  expect(register.phones.get(A1)?.address).toBeUndefined();
});
