// What no sound client sends: scapy knocks at the DHCP door of the real daemon, and what comes back is read by scapy too.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { leaseOf } from './dhcp-phone.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = {
  commands: ['ip', 'udhcpc', 'scapy'],
  packages: ['iproute2', 'udhcpc', 'python3-scapy'],
};
/** Debian's own, which is the one that has scapy. */
const PYTHON = '/usr/bin/python3';
/** Its address answers ARP, so that unicast answers arrive. */
const OURS = '10.99.0.245';
const SETTINGS = `
lans:
  - interface: lan0
    dhcp:
      pool: 10.99.0.50-10.99.0.249
      lease: 1h
      guard: off
      conflictCheck: off
      strangers: { share: 100% }
      classes:
        - { name: port, when: { circuitId: "^sw:1$" }, options: { 242: "L2Q=1" }, force: [242] }
`;
const LIST = 'mac,address\n80:5e:c0:00:0b:01,10.99.0.20\n';

const ALL = 'ff:ff:ff:ff:ff:ff 255.255.255.255:68';
const TO_US = expect.stringMatching(`^(?!ff:ff:).* ${OURS}:68$`) as string;
const TO_RELAY = expect.stringMatching(`^(?!ff:ff:).* ${OURS}:67$`) as string;
/** Option 82 as it was sent: sub-option 1 is "sw:1". */
const AGENT = '010473773a31';
const IN_POOL = expect.stringMatching(/^10\.99\.0\.\d+$/) as string;
/** In the order of the wire, for a client that asks for 1, 3, 66 and 150. */
const ASKED_FOR = [53, 54, 51, 1, 66, 150, 58, 59];
/** For one that asks for nothing by name. */
const BY_ITSELF = [53, 54, 51, 1, 28, 58, 59, 66, 150];

const OFFER = { type: 'offer', to: ALL, from: '10.99.0.1:67', yiaddr: IN_POOL, codes: ASKED_FOR };
const PLAIN = { ...OFFER, codes: BY_ITSELF };

interface Reply {
  readonly codes: readonly number[];
  readonly [field: string]: unknown;
}

interface Outcome {
  /** Who the question says it is from. */
  readonly mac: string | null;
  readonly replies: readonly Reply[];
}

const ANSWERED: readonly (readonly [probe: string, reply: Readonly<Record<string, unknown>>])[] = [
  // To whom it goes, and what its head says.
  ['plain', { ...OFFER, flags: 0, giaddr: '0.0.0.0', siaddr: '0.0.0.0', length: 300 }],
  ['broadcast flag', { ...OFFER, flags: 0x8000 }],
  ['header', { ...OFFER, secs: 0, hops: 0, ciaddr: '0.0.0.0' }],
  ['from port 1068', OFFER],
  ['client-id', { ...PLAIN, codes: [53, 54, 61, ...BY_ITSELF.slice(2)], options: { 61: '0070686f6e65' } }],
  ['reboot unknown', { type: 'ack', to: ALL, yiaddr: '10.99.0.240' }],
  ['reboot other subnet', { type: 'nak', to: ALL, yiaddr: '0.0.0.0', codes: [53, 54] }],
  ['reboot own', { type: 'ack', to: ALL, yiaddr: IN_POOL, codes: ASKED_FOR }],
  ['reboot of another', { type: 'nak', to: ALL, yiaddr: '0.0.0.0', codes: [53, 54] }],
  ['rebinding', { type: 'ack', to: TO_US, yiaddr: OURS, ciaddr: OURS, codes: ASKED_FOR }],
  ['inform', { type: 'ack', to: TO_US, yiaddr: '0.0.0.0', ciaddr: OURS, codes: [53, 54, 1, 66, 150] }],
  ['reserved, no message type', { type: 'bootp', to: ALL, yiaddr: '10.99.0.20' }],
  // Options that are not as they should be.
  ['no end', OFFER],
  ['overrun', OFFER],
  ['code without length', OFFER],
  ['zero lengths', PLAIN],
  ['every code empty', { ...PLAIN, codes: [...BY_ITSELF, 118], options: { 118: '' } }],
  ['type of two bytes', OFFER],
  ['pads', OFFER],
  ['type in file', OFFER],
  ['type in sname', OFFER],
  ['overload 77', OFFER],
  ['split list', OFFER],
  ['long', PLAIN],
  ['wrong lengths', { ...PLAIN, codes: [...BY_ITSELF, 118] }],
  ['maximum 300', { ...OFFER, length: 300 }],
  ['maximum of one byte', OFFER],
  // Hardware addresses of other kinds.
  ['hlen 0 with client-id', { ...PLAIN, codes: [53, 54, 61, ...BY_ITSELF.slice(2)], hlen: 0 }],
  ['hlen 16', { ...OFFER, hlen: 16, chaddr: '0102030405060708090a0b0c0d0e0f10' }],
  ['infiniband', { type: 'offer', to: ALL, hlen: 0, htype: 32, flags: 0x8000, yiaddr: IN_POOL }],
  // Relays. With a class by the circuit-id, option 242 is sent.
  [
    'relayed',
    { type: 'offer', to: TO_RELAY, giaddr: OURS, hops: 0, options: { 82: AGENT, 242: '4c32513d31' } },
  ],
  ['option 82 first', { type: 'offer', to: TO_RELAY, options: { 82: AGENT, 242: '4c32513d31' } }],
  ['option 82 overrun', { type: 'offer', to: TO_RELAY, options: { 82: '010941' } }],
  // Believed of nobody but a relay, and sent back all the same.
  ['option 82 without relay', { ...OFFER, codes: [...ASKED_FOR, 82], options: { 82: AGENT } }],
];

/** Who gets no answer, and the reason in the log; null where nobody could be named. */
const UNANSWERED: readonly (readonly [probe: string, because: string | null])[] = [
  ['request to another server', 'another-server-chosen'],
  ['inform from elsewhere', 'sender-off-the-lan'],
  ['no message type', 'no-reservation'],
  ['240 bytes', 'no-reservation'],
  ['type of no byte', 'no-reservation'],
  ['type 99', 'message-not-for-a-server'],
  ['type ack', 'message-not-for-a-server'],
  ['op 2', 'not-a-request'],
  ['giaddr elsewhere', 'relay-not-served'],
  ['giaddr broadcast', 'relay-not-served'],
  ['giaddr loopback', 'relay-not-served'],
  ['giaddr group', 'relay-not-served'],
  ['giaddr the server', 'relay-not-served'],
  ['giaddr subnet', 'relay-not-served'],
  ['hops 17', 'relay-not-served'],
  ['hlen 0', null],
  ['hlen 200', null],
  ['chaddr zero', null],
  ['chaddr broadcast', null],
  ['chaddr group', null],
  ['bad cookie', null],
  ['cut at 100', null],
  ['cut at 239', null],
  ['empty', null],
  ['noise', null],
];

let lab: Lab;
let daemon: Daemon;
let outcomes: Readonly<Record<string, Outcome>>;

function outcomeOf(probe: string): Outcome {
  return outcomes[probe] ?? { mac: null, replies: [] };
}

/** Whether the log tells of that silence. */
function isLogged(mac: string, because: string): boolean {
  const lines = daemon.running.output().split('\n');
  return lines.some((line) => line.includes(`"mac":"${mac}"`) && line.includes(`"because":"${because}"`));
}

await describeLab('DHCP that no sound client speaks', NEEDS, () => {
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', `${OURS}/24`, 'dev', 'p0']);
    daemon = await startDaemon(lab, { settings: SETTINGS, list: LIST });
    const said = await lab.run('phones', [PYTHON, '-W', 'ignore', 'test/lab/dhcp-malformed.py', 'p0']);
    outcomes = JSON.parse(said) as typeof outcomes;
  });
  afterAll(async () => {
    await lab.close();
  });

  test('every probe was sent, and every one has its row', () => {
    const rows = [...ANSWERED, ...UNANSWERED].map(([probe]) => probe);
    expect(Object.keys(outcomes).sort()).toEqual(rows.sort());
  });

  test.each(ANSWERED)('%s: answered', (probe, reply) => {
    const { replies } = outcomeOf(probe);
    expect(replies).toEqual([expect.anything()]);
    expect(replies[0]).toMatchObject(reply);
    // RFC 3046 section 2.1.
    if (replies[0]?.codes.includes(82) === true) expect(replies[0].codes.at(-1)).toBe(82);
  });

  test.each(UNANSWERED)('%s: silence', async (probe, because) => {
    const { mac, replies } = outcomeOf(probe);
    expect(replies).toEqual([]);
    if (because === null) return;
    await until(
      () => isLogged(mac ?? '', because),
      `${because} of ${mac}`,
      () => daemon.running.output(),
    );
  });

  test('no class by a circuit-id that came through no relay', () => {
    expect(outcomeOf('option 82 without relay').replies[0]?.codes).not.toContain(242);
  });

  test('what is no message at all stands in the list of trouble', async () => {
    const lines = (await daemon.trouble()).map(({ sentence }) => sentence);
    const garbled = [
      ['250', 'bad-magic at byte 236'],
      ['250', 'bad-value at byte 2'],
      ['100', 'too-short at byte 100'],
      ['239', 'too-short at byte 239'],
      ['0', 'too-short at byte 0'],
    ].map(([bytes, why]) => `${bytes} bytes at the DHCP door that are no message: ${why}`);
    expect(lines.filter((line) => line.includes('no message')).slice(0, garbled.length)).toEqual(garbled);
  });

  test('a real client gets its lease after all of it', async () => {
    expect(daemon.running.output()).not.toContain('"event":"fault"');
    const phone = { namespace: 'phones', interface: 'p0', mac: '80:5e:c0:00:00:01' };
    expect(await leaseOf(lab, phone)).toMatchObject({ ip: IN_POOL, serverid: '10.99.0.1' });
    expect((await daemon.phones()).find(({ mac }) => mac === phone.mac)).toMatchObject({ vendor: 'Yealink' });
  });
});
