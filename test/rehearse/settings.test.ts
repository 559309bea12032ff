// The copy of the settings for a rehearsal, the ground it stands on, and who takes part.
import { expect, test } from 'vitest';
import { parseIpv4, showIpv4, showSubnet } from '../../src/base/ipv4.ts';
import { parseMac, showMac } from '../../src/base/mac.ts';
import type { ListedPhone } from '../../src/phones/phone.ts';
import { chooseCast } from '../../src/rehearse/cast.ts';
import { groundFor, oneLan, rehearsalSettings } from '../../src/rehearse/settings.ts';
import { acme } from '../fakes/vendors.ts';

const CATALOGUE = { vendors: [acme] };
const PLACE = { base: '/etc/unboxd', folder: '/tmp/r', interface: 'lan0', catalogue: CATALOGUE };

test('nothing leads to the state of the user, every other word stays, and paths are whole', () => {
  const raw = {
    lans: [{ interface: 'eth1', pnp: 'off', dhcp: { lease: '2h' } }],
    phones: 'phones.csv',
    files: { root: 'files', templates: '/srv/templates', uploads: { folder: 'in', versions: 2 } },
    doors: { http: 8080, accounts: [{ folder: 'x', user: 'a', passwordFile: 'a.secret' }] },
    wake: {
      credentials: [
        { user: 'u', passwordFile: 'w.secret' },
        { user: 'v', password: 'p' },
      ],
    },
    vendors: { acme: { name: 'Acme Ltd', silence: '9m' } },
    state: '/var/lib/unboxd',
    control: { socket: '/run/unboxd/control.sock' },
  };
  const before = structuredClone(raw);
  expect(rehearsalSettings({ ...PLACE, raw })).toEqual({
    settings: {
      lans: [{ interface: 'lan0', pnp: 'off', dhcp: { lease: '2h' } }],
      phones: '/etc/unboxd/phones.csv',
      files: {
        ...{ root: '/etc/unboxd/files', templates: '/srv/templates' },
        uploads: { folder: '/tmp/r/uploads', versions: 2 },
      },
      doors: { http: 8080, accounts: [{ folder: 'x', user: 'a', passwordFile: '/etc/unboxd/a.secret' }] },
      wake: {
        credentials: [
          { user: 'u', passwordFile: '/etc/unboxd/w.secret' },
          { user: 'v', password: 'p' },
        ],
      },
      vendors: { acme: { name: 'Acme Ltd', silence: '3s' } },
      state: '/tmp/r/state',
      control: { socket: '/tmp/r/control.sock' },
      log: { level: 'warn' },
    },
    notes: [],
  });
  expect(raw).toEqual(before);
});

test.each([{ mode: 'companion' }, { mode: 'off' }, { mode: false }])(
  'mode $mode: addresses are given in the place of the other server, without a URL, and that is told',
  ({ mode }) => {
    const raw = { lans: [{ interface: 'eth1', dhcp: { mode } }], files: { window: { until: 'x' } } };
    const { settings, notes } = rehearsalSettings({ ...PLACE, raw, list: '/home/me/list.csv' });
    expect(settings).toMatchObject({
      lans: [{ dhcp: { mode: 'full', suppress: [66, 43] } }],
      files: { bind: 'claim', uploads: { folder: '/tmp/r/uploads' } },
      phones: '/home/me/list.csv',
    });
    expect(settings['files']).not.toHaveProperty('window');
    expect(notes).toHaveLength(2);
  },
);

test.each([
  { title: 'nothing', raw: undefined, phones: 12, ground: '10.99.0.1 of 10.99.0.0/24' },
  { title: 'many phones', raw: {}, phones: 200, ground: '10.99.0.1 of 10.99.0.0/22' },
  {
    title: 'a pool',
    dhcp: { pool: '10.20.0.50-10.20.3.250' },
    phones: 2,
    ground: '10.20.0.1 of 10.20.0.0/22',
  },
  {
    title: 'a pool from .1',
    dhcp: { pool: '10.20.0.1-10.20.0.9' },
    phones: 2,
    ground: '10.20.0.10 of 10.20.0.0/24',
  },
  {
    title: 'a router at .1',
    ...{ dhcp: { pool: '10.20.0.2-10.20.0.9', router: '10.20.0.1' }, phones: 2 },
    ground: '10.20.0.10 of 10.20.0.0/24',
  },
  {
    title: 'kept addresses',
    kept: ['192.168.7.1', '192.168.6.9'],
    phones: 2,
    ground: '192.168.6.1 of 192.168.6.0/23',
  },
  { title: 'nonsense', dhcp: { pool: { a: 1 } }, phones: 2, ground: '10.99.0.1 of 10.99.0.0/24' },
])('where no interface tells, $title says where it is', ({ raw, dhcp, kept = [], phones, ground }) => {
  const settings = dhcp === undefined ? raw : { lans: [{ interface: 'eth1', dhcp }] };
  const addresses = kept.map((text) => parseIpv4(text) ?? expect.fail(text));
  const { address, subnet } = groundFor({ raw: settings, kept: addresses, phones });
  expect(`${showIpv4(address)} of ${showSubnet(subnet)}`).toBe(ground);
});

function listed(mac: string, more: Partial<ListedPhone> = {}): ListedPhone {
  return { mac: parseMac(mac) ?? expect.fail(mac), columns: {}, ...more };
}

const LIST = [
  listed('02ac3e000000', { label: 'Hall' }),
  listed('02ac3e000001', { model: 'A20' }),
  listed('0a0000000001', { vendor: 'acme', model: 'SIP-A10' }),
  listed('0a0000000002'),
];

test.each([
  { question: {}, cast: ['02:ac:3e:00:00:00 A10 Hall', '02:ac:3e:00:00:01 A20', '0a:00:00:00:00:01 A10'] },
  { question: { count: 1 }, cast: ['02:ac:3e:00:00:00 A10 Hall'] },
  {
    question: { vendor: 'Acme', model: 'a20' },
    cast: ['02:ac:3e:00:00:00 A20 Hall', '02:ac:3e:00:00:01 A20'],
  },
  {
    question: { vendor: 'acme', model: 'A20', count: 3 },
    cast: ['02:ac:3e:00:00:00 A20 Hall', '02:ac:3e:00:00:01 A20', '02:ac:3e:00:00:02 A20 made up'],
  },
])('$question picks $cast', ({ question, cast }) => {
  const chosen = chooseCast({ catalogue: CATALOGUE, list: LIST, ...question });
  if (!chosen.ok) throw new Error(chosen.error);
  const shown = chosen.value.actors.map(({ mac, model, label, listed: isListed }) =>
    [showMac(mac), model.name, label, isListed ? undefined : 'made up'].filter(Boolean).join(' '),
  );
  expect(shown).toEqual(cast);
});

test.each([
  { question: { vendor: 'nobody' }, why: 'there is no vendor "nobody" (known: acme)' },
  { question: { model: 'A10' }, why: 'say the vendor of the model: --vendor NAME' },
  { question: { vendor: 'acme', model: 'Z9' }, why: 'model "Z9" is not in the vendor file of Acme' },
  {
    question: { count: 9 },
    why: 'the list has 3 phones: say what the others are with --vendor and --model (vendors: acme)',
  },
  {
    question: { list: [] },
    why: 'no phone to rehearse: name a list with --from-list, or --phones, --vendor and --model',
  },
])('$question: $why', ({ question, why }) => {
  expect(chooseCast({ catalogue: CATALOGUE, list: LIST, ...question })).toEqual({ ok: false, error: why });
});

test.each([
  { what: 'one LAN stays as it is', lans: ['eth1'], name: undefined, left: ['eth1'], chosen: undefined },
  { what: 'the first of two', lans: ['eth1', 'eth2'], name: undefined, left: ['eth1'], chosen: 'eth1' },
  { what: 'the named one', lans: ['eth1', 'eth2'], name: 'eth2', left: ['eth2'], chosen: 'eth2' },
])('of several LANs one is rehearsed: $what', ({ lans, name, left, chosen }) => {
  const named = (names: readonly string[]) => names.map((one) => ({ interface: one }));
  const found = oneLan({ lans: named(lans), phones: 'p.csv' }, name);
  expect(found.raw).toEqual({ lans: named(left), phones: 'p.csv' });
  expect(found.chosen).toBe(chosen);
});
