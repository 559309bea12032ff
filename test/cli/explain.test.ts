// `unboxd explain` for DHCP messages: described by flags, or captured.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCapturedDhcp } from '../../src/cli/captured.ts';
import { explain } from '../../src/cli/commands/explain.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { DhcpExplanation } from '../../src/control/api.ts';
import { decodePacket } from '../../src/dhcp/packet.ts';
import { listeningTerminal } from './listening-terminal.ts';

const ANSWER: DhcpExplanation = {
  mac: '00:15:65:aa:bb:cc',
  type: 'discover',
  vendor: 'Yealink',
  scores: [
    {
      vendor: 'Yealink',
      score: 160,
      reasons: ['DHCP option 60 yealink\x1b[31m (+150)', 'its MAC 001565 (+10)'],
    },
  ],
  class: { name: 'reception', because: 'its make' },
  outcome: 'would be offered 10.20.0.50, the next free one',
  address: '10.20.0.50',
  options: [
    { code: 66, name: 'tftp-server-name', text: 'http://10.20.0.1/', hex: '6874', from: 'site', asked: true },
  ],
  notAsked: [
    {
      code: 160,
      name: 'provisioning-url-160',
      text: 'http://10.20.0.1/',
      hex: '6874',
      from: 'site',
      asked: false,
    },
  ],
  notThere: ['67 bootfile-name'],
};

let folder: string;
let daemon: Server;
let asked: string[];
let status: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-explain-'));
  asked = [];
  status = 200;
  daemon = createServer((request, response) => {
    void readAll(request).then((body) => {
      asked.push((JSON.parse(body) as { hex: string }).hex);
      response
        .writeHead(status)
        .end(JSON.stringify(status === 200 ? ANSWER : { error: 'it would get no answer' }));
    });
  });
  await new Promise<void>((done) => daemon.listen(join(folder, 'control.sock'), done));
});

afterEach(async () => {
  await new Promise((done) => daemon.close(done));
  await rm(folder, { recursive: true, force: true });
});

async function run(...argv: readonly string[]) {
  const { terminal, outs, notes } = listeningTerminal({ columns: 100 });
  const program = { version: '1', commands: [explain], terminal };
  const code = await runProgram(program, ['explain', ...argv, '--control', join(folder, 'control.sock')]);
  return { code, out: outs.join('\n'), notes: notes.join('\n') };
}

test('the flags become a message, and the answer is told with its reasons', async () => {
  const flags = [
    '--option60',
    'yealink',
    '--prl',
    '1, 3,66',
    '--hostname',
    't46s',
    '--requested',
    '10.20.0.9',
  ];
  const { code, out } = await run('--mac', '00:15:65:aa:bb:cc', ...flags, '--circuit-id', 'sw1:7');
  expect(code).toBe(0);
  const sent = decodePacket(Buffer.from(asked[0] ?? '', 'hex'));
  if (!sent.ok) expect.fail('not a message');
  const { chaddr, options } = sent.value;
  expect(Buffer.from(chaddr).toString('hex')).toBe('001565aabbcc');
  expect([...options].map(([number, bytes]) => [number, Buffer.from(bytes).toString('latin1')])).toEqual([
    [53, '\x01'],
    [50, '\x0a\x14\x00\x09'],
    [55, '\x01\x03\x42'],
    [60, 'yealink'],
    [12, 't46s'],
    [82, '\x01\x05sw1:7'],
  ]);
  expect(out).toBe(
    [
      'DISCOVER of 00:15:65:aa:bb:cc, Yealink',
      // What phones say is made safe for the terminal.
      '  Yealink 160: DHCP option 60 yealink\\x1b[31m (+150), its MAC 001565 (+10)',
      '  class: reception, by its make',
      '  would be offered 10.20.0.50, the next free one',
      '',
      'Sent, in wire order:',
      '  66  tftp-server-name  http://10.20.0.1/  6874  site',
      '',
      'There for it, but not asked for and so not sent:',
      '  160  provisioning-url-160  http://10.20.0.1/  6874  site',
      '',
      'Asked for, and nobody sets it: 67 bootfile-name',
    ].join('\n'),
  );
});

test('a capture: each question once, and who answered it there', async () => {
  const { code, out } = await run('--pcap', 'test/captures/staging.pcap');
  expect(code).toBe(0);
  // The Yealink asks twice with the same words, the Fanvil behind a VLAN tag once.
  expect(asked).toHaveLength(2);
  expect(out.split('\n')[0]).toBe('2 times:');
  expect(out.split('\n').at(-1)).toBe('192.168.88.1 answered 00:15:65:aa:bb:cc: OFFER with 192.168.88.50');
});

test('pcap and pcapng hold the same', async () => {
  const { out: one } = await run('--pcap', 'test/captures/staging.pcap', '--json');
  const { out: other } = await run('--pcap', 'test/captures/staging.pcapng', '--json');
  expect(JSON.parse(one)).toEqual(JSON.parse(other));
  expect(JSON.parse(one)).toMatchObject({
    questions: [{ times: 2 }, { times: 1 }],
    answers: [{ server: '192.168.88.1' }],
  });
});

test('a message that gets no answer is said so, and the others are explained all the same', async () => {
  status = 400;
  const { code, out } = await run('--mac', '00:15:65:aa:bb:cc');
  expect([code, out]).toEqual([0, 'it would get no answer']);
});

test.each([
  { argv: ['--mac', 'zz'], says: '--mac: "zz" is not a MAC address' },
  {
    argv: ['--mac', '001565aabbcc', '--prl', '1,x'],
    says: '--prl: "1,x" is not a list of option codes (write 1,3,66)',
  },
  { argv: ['--mac', '001565aabbcc', '--type', 'ack'], says: '--type is discover, request or inform' },
  { argv: ['--mac', '001565aabbcc', '--giaddr', '1.2.3'], says: '--giaddr: "1.2.3" is not an IPv4 address' },
  {
    argv: ['--mac', '001565aabbcc', '--client-id', 'xyz'],
    says: '--client-id: write its bytes in hex: 01001565aabbcc',
  },
  { argv: [], says: 'name a MAC or a word of the timeline' },
])('wrong usage: $says', async ({ argv, says }) => {
  const { code, notes } = await run(...argv);
  expect(code).toBe(2);
  expect(notes).toContain(says);
});

test.each([
  { content: undefined, says: 'cannot be read (ENOENT)' },
  {
    content: Buffer.from('mac,vendor,model,label and so on'),
    says: 'is no packet capture (bad-magic at byte 0)',
  },
  {
    content: Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'),
    says: 'holds no DHCP message (0 frames)',
  },
])('a file that is no use: $says', async ({ content, says }) => {
  const file = join(folder, 'phone.pcap');
  if (content !== undefined) await writeFile(file, content);
  const { code, notes } = await run('--pcap', file);
  expect(code).toBe(1);
  expect(notes).toContain(says);
  if (content !== undefined) expect(() => readCapturedDhcp(file, content)).toThrow(says);
});
