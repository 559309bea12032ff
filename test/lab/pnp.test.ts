// PnP beside the multicast: to the address of the daemon, over TCP, and from the wrong LAN. The phone is a few lines of
// Node, so that each byte is its own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onWire, W52P } from '../sip/dialects.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = { commands: ['ip'], packages: ['iproute2'] };

/** Sends by UDP and prints the start lines of what comes back within a second, or until one begins as `last` does. */
const BY_UDP = `
const [to, text, from, last] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (bytes) => {
  console.log(bytes.toString('latin1').split('\\r\\n')[0]);
  if (last && bytes.toString('latin1').startsWith(last)) process.exit();
});
socket.bind(0, from, () => {
  if (to.startsWith('224.')) socket.setMulticastInterface(from);
  socket.send(Buffer.from(text, 'base64'), 5060, to);
});
setTimeout(() => socket.close(), last ? 20_000 : 1000);`;

/** Connects, sends in two pieces, answers the NOTIFY, prints the start lines. */
const BY_TCP = `
const [to, text] = process.argv.slice(1);
const bytes = Buffer.from(text, 'base64');
const socket = require('node:net').connect(5060, to, () => {
  socket.write(bytes.subarray(0, 100));
  setTimeout(() => socket.write(bytes.subarray(100)), 50);
});
socket.on('data', (chunk) => {
  for (const message of chunk.toString('latin1').split(/(?=SIP\\/2.0 \\d|NOTIFY sip:)/)) {
    const lines = message.split('\\r\\n');
    console.log(lines[0]);
    if (!lines[0].startsWith('NOTIFY')) continue;
    const echoed = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    socket.end(['SIP/2.0 200 OK', ...echoed, 'Content-Length: 0', '', ''].join('\\r\\n'));
  }
});`;

await describeLab('PnP without the group', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    await lab.run('phones', ['ip', 'address', 'add', '10.77.0.9/24', 'dev', 'p0']);
    await lab.run('phones', ['ip', 'route', 'add', '224.0.0.0/4', 'dev', 'p0']);
    daemon = await startDaemon(lab);
  });
  afterAll(async () => {
    await lab.close();
  });

  const say = async (
    script: string,
    to: string,
    text: string,
    { from = '10.99.0.9', last = '' } = {},
  ): Promise<readonly string[]> => {
    const bytes = Buffer.from(onWire(text.replaceAll('10.1.3.239', from))).toString('base64');
    const output = await lab.run('phones', [process.execPath, '-e', script, to, bytes, from, last]);
    return output
      .trim()
      .split('\n')
      .filter((line) => line !== '');
  };

  test('to the address of the daemon', async () => {
    expect(await say(BY_UDP, '10.99.0.1', W52P.text, { last: 'NOTIFY ' })).toEqual(
      expect.arrayContaining(['SIP/2.0 200 OK', 'NOTIFY sip:MAC001565f4f9e1@10.99.0.9:5059 SIP/2.0']),
    );
  });

  test('another event: refused there, silence in the group', async () => {
    const presence = W52P.text.replace('ua-profile', 'presence');
    expect(await say(BY_UDP, '10.99.0.1', presence, { last: 'SIP/2.0 489' })).toEqual([
      'SIP/2.0 489 Bad Event',
    ]);
    expect(await say(BY_UDP, '224.0.1.75', presence)).toEqual([]);
  });

  test('over TCP, and the answer of the phone is noted', async () => {
    const text = W52P.text.replace('/UDP', '/TCP').replaceAll('001565f4f9e1', '001565aabb01');
    expect(await say(BY_TCP, '10.99.0.1', text)).toEqual([
      'SIP/2.0 200 OK',
      'NOTIFY sip:MAC001565aabb01@10.99.0.9:5059 SIP/2.0',
    ]);
    await until(
      async () => (await daemon.story('00:15:65:aa:bb:01')).includes('acknowledged the URL (200)'),
      'the acknowledgement',
    );
  });

  test('a phone with an address of another LAN is told of and not answered', async () => {
    expect(await say(BY_UDP, '224.0.1.75', W52P.text, { from: '10.77.0.9' })).toEqual([]);
    await until(
      async () =>
        await Promise.resolve(daemon.running.output().includes('10.77.0.9 is not in 10.99.0.0/24 of lan0')),
      'the word about the other LAN',
    );
  });
});
