// How the DHCP settings are written: defaults, the forms people use, and mistakes with path and sentence.
import { describe, expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { siteShape } from '../../src/site/schema.ts';
import { ip, subnetAt } from '../net/watched.ts';

function read(dhcp: Record<string, unknown>) {
  return checkShape(siteShape, { lans: [{ interface: 'eth1', dhcp }] });
}

function dhcpOf(dhcp: Record<string, unknown>) {
  const site = read(dhcp);
  if (!site.ok) throw new Error(JSON.stringify(site.error));
  return site.value.lans[0]?.dhcp;
}

function mistakesOf(dhcp: Record<string, unknown>): readonly string[] {
  const site = read(dhcp);
  return site.ok ? [] : site.error.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`);
}

test('nothing written: every default', () => {
  expect(dhcpOf({})).toEqual({
    mode: 'full',
    lease: 3_600_000,
    dns: [],
    ntp: [],
    options: {},
    force: [],
    suppress: [],
    identity: 'mac',
    authoritative: true,
    takeover: 'silent',
    rapidCommit: false,
    trust82: false,
    conflictCheck: true,
    guard: { every: 300_000, allow: [] },
    strangers: { share: 0.5, probation: 300_000 },
    limits: { perClient: 5, perPort: 100 },
    classes: [],
    relayed: [],
  });
});

describe('as people write', () => {
  test.each(['authoritative', 'rapidCommit', 'trust82', 'conflictCheck'])(
    '%s: on and off, true and false',
    (key) => {
      const values = ['on', 'off', true, false].map(
        (written) => dhcpOf({ [key]: written })?.[key as 'trust82'],
      );
      expect(values).toEqual([true, false, true, false]);
    },
  );

  test('shares, durations, ranges, subnets', () => {
    expect(dhcpOf({ strangers: { share: '30%', probation: '2m' } })?.strangers).toEqual({
      share: 0.3,
      probation: 120_000,
    });
    expect(dhcpOf({ strangers: { share: '0%' } })?.strangers).toEqual({ share: 0, probation: 300_000 });
    expect(dhcpOf({ limits: { perClient: 0.5 } })?.limits).toEqual({ perClient: 0.5, perPort: 100 });
    expect(dhcpOf({ relayed: [{ subnet: '10.30.0.9/24' }] })?.relayed[0]?.subnet).toEqual(
      subnetAt('10.30.0.0/24'),
    );
    expect(dhcpOf({ mode: false })?.mode).toBe('off');
  });

  test('options by number or name, in full or short', () => {
    const { options, force, suppress } =
      dhcpOf({
        options: { 43: { text: 'x' }, 'tftp-server-name': 'y' },
        force: [43, 'tftp-server-name'],
        suppress: ['150'],
      }) ?? {};
    expect(options).toEqual({ 43: { text: 'x' }, 66: { text: 'y' } });
    expect([force, suppress]).toEqual([[43, 66], [150]]);
  });

  test('a class with everything', () => {
    const written = {
      name: 'desk',
      when: {
        ...{
          vendor: 'acme',
          model: '^T4',
          listed: true,
          ouis: ['001565', 'AABBCC'],
          option60: '^acme',
          option60Hex: '0000363D',
        },
        ...{ option77: 'phones', asks: [66, 'tftp-server-name'], hostname: '^door', enterprise: 3561 },
        ...{ circuitId: 'gi1', remoteId: 'sw1', subnet: '10.30.0.0/24' },
      },
      ...{ answer: 'never', pool: '10.20.0.1-10.20.0.9', quota: 0, lease: '2m', rapidCommit: 'on' },
      ...{
        options: { 43: { text: 'x' } },
        force: [43],
        suppress: [66],
        siaddr: '{server}',
        sname: 's',
        file: '{mac}.cfg',
      },
    };
    expect(dhcpOf({ classes: [written] })?.classes).toEqual([
      {
        ...written,
        when: {
          ...written.when,
          ouis: ['001565', 'aabbcc'],
          option60Hex: '0000363d',
          asks: [66, 66],
          model: /^T4/i,
          option60: /^acme/i,
          option77: /phones/i,
          hostname: /^door/i,
          circuitId: /gi1/i,
          remoteId: /sw1/i,
          subnet: subnetAt('10.30.0.0/24'),
        },
        pool: { first: ip('10.20.0.1'), last: ip('10.20.0.9') },
        lease: 120_000,
        rapidCommit: true,
        options: { 43: { text: 'x' } },
      },
    ]);
  });

  test('a class with the least: it is answered, has no pool, and says nothing of rapid commit', () => {
    const [least] = dhcpOf({ classes: [{ name: 'all', when: {} }] })?.classes ?? [];
    expect(least).toEqual({ name: 'all', when: {}, answer: 'always', options: {}, force: [], suppress: [] });
  });
});

describe('mistakes', () => {
  const inClass = (changes: Record<string, unknown>) => ({ classes: [{ name: 'c', when: {}, ...changes }] });
  const rows: readonly { dhcp: Record<string, unknown>; says: string | RegExp }[] = [
    { dhcp: { mode: 'loud' }, says: 'mode: write full, companion or off' },
    { dhcp: { identity: 'name' }, says: 'identity: write mac or client-id' },
    { dhcp: { takeover: 'ack' }, says: 'takeover: write silent or nak' },
    { dhcp: { authoritative: 'yes' }, says: 'authoritative: write on or off' },
    { dhcp: { conflictCheck: 1 }, says: 'conflictCheck: write on or off' },
    { dhcp: { lease: 'soon' }, says: 'lease: "soon" is not a duration (write 30s, 10m, 1h or 2d)' },
    {
      dhcp: { pool: '10.20.0.9' },
      says: 'pool: "10.20.0.9" is not a range of addresses (write 10.20.0.50-10.20.3.250)',
    },
    { dhcp: { pool: '10.20.0.9-10.20.0.3' }, says: /^pool: "10\.20\.0\.9-10\.20\.0\.3" is not a range/ },
    { dhcp: { strangers: { share: '120%' } }, says: 'strangers.share: "120%" is not a share (write 50%)' },
    { dhcp: { strangers: { share: 0.5 } }, says: 'strangers.share: "0.5" is not a share (write 50%)' },
    { dhcp: { limits: { perClient: 0 } }, says: /^limits\.perClient: / },
    { dhcp: { guard: 'on' }, says: /^guard: / },
    { dhcp: { guard: { every: 'often' } }, says: /^guard/ },
    { dhcp: { relayed: [{}] }, says: /^relayed\.0\.subnet: / },
    {
      dhcp: { relayed: [{ subnet: '10.30.0.0' }] },
      says: 'relayed.0.subnet: "10.30.0.0" is not a subnet (write 10.30.0.0/24)',
    },
    {
      dhcp: { relayed: [{ subnet: '10.30.0.0/24', mode: 'full' }] },
      says: 'relayed.0.mode: unknown key "mode"',
    },
    { dhcp: { classes: [{ when: {} }] }, says: /^classes\.0\.name: / },
    { dhcp: { classes: [{ name: 'c' }] }, says: /^classes\.0\.when: / },
    { dhcp: inClass({ when: { oui: ['001565'] } }), says: 'classes.0.when.oui: unknown key "oui"' },
    { dhcp: inClass({ when: { ouis: ['00156'] } }), says: 'classes.0.when.ouis.0: six hex digits, quoted' },
    {
      dhcp: inClass({ when: { option60: '(' } }),
      says: 'classes.0.when.option60: "(" is not a regular expression',
    },
    {
      dhcp: inClass({ when: { option60Hex: '001' } }),
      says: 'classes.0.when.option60Hex: hex digits in pairs',
    },
    { dhcp: inClass({ when: { asks: [300] } }), says: /^classes\.0\.when\.asks\.0: / },
    { dhcp: inClass({ when: { enterprise: 0 } }), says: /^classes\.0\.when\.enterprise: / },
    { dhcp: inClass({ answer: 'no' }), says: 'classes.0.answer: write always or never' },
    { dhcp: inClass({ quota: -1 }), says: /^classes\.0\.quota: / },
    { dhcp: inClass({ sname: 'x'.repeat(64) }), says: /^classes\.0\.sname: / },
    { dhcp: inClass({ file: 'x'.repeat(128) }), says: /^classes\.0\.file: / },
    { dhcp: inClass({ rapidCommit: 'maybe' }), says: 'classes.0.rapidCommit: write on or off' },
    { dhcp: inClass({ options: { 51: { u32: 1 } } }), says: /^classes\.0\.options\.51: / },
    { dhcp: { options: { 66: { text: '' } } }, says: /^options\.66/ },
  ];
  test.each(rows)('$dhcp: $says', ({ dhcp, says }) => {
    const mistakes = mistakesOf(dhcp);
    expect(mistakes).toHaveLength(1);
    if (typeof says === 'string') expect(mistakes[0]).toBe(says);
    else expect(mistakes[0]).toMatch(says);
  });
});
