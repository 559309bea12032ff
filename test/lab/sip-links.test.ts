// What happens to cables and network cards while the whole daemon answers by PnP: an interface that goes and comes back,
// two of them, the wrong one, and a subnet behind a router.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StageLink } from '../../src/rehearse/stage.ts';
import { onWire, W52P } from '../sip/dialects.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';
import { OFFICE } from './links.ts';

const NEEDS = { commands: ['ip'], packages: ['iproute2'] };
/** "phones" is the router to it. */
const FLOOR: StageLink = {
  host: 'phones',
  interface: 'r0',
  address: '10.30.0.1/24',
  peer: 'floor',
  peerInterface: 'f0',
};

/** Asks the group, or who is named, and prints who answers with which URL, until both have come or that time is over. */
const ASK = `
const [text, from, patience, to = '224.0.1.75'] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (bytes, { address }) => {
  const lines = bytes.toString('latin1').split('\\r\\n');
  console.log(address, lines[0].startsWith('NOTIFY') ? 'NOTIFY ' + lines.at(-1) : lines[0]);
  if (lines[0].startsWith('NOTIFY')) socket.close();
});
socket.bind(5059, from, () => {
  socket.setMulticastInterface(from);
  socket.send(Buffer.from(text, 'base64'), 5060, to);
});
setTimeout(() => socket.close(), Number(patience)).unref();
socket.on('close', () => process.exit());`;

await describeLab('PnP and its interfaces', NEEDS, () => {
  let lab: Lab;
  let asked = 0;
  beforeEach(async () => {
    lab = await openLab([STAGING, OFFICE, FLOOR]);
    await plugIn('phones', 'p0', '10.99.0.9');
    await plugIn('office', 'q0', '10.99.2.9');
  });
  afterEach(async () => {
    await lab.close();
  });

  const ip = async (namespace: string, words: string) =>
    void (await lab.run(namespace, ['ip', ...words.split(' ')]));
  const plugIn = async (namespace: string, name: string, address: string): Promise<void> => {
    await ip(namespace, `address add ${address}/24 dev ${name}`);
    await ip(namespace, `link set ${name} up`);
    await ip(namespace, `route add 224.0.0.0/4 dev ${name}`);
  };
  /** A phone that asks anew; what it is answered, and by whom. */
  const ask = async (
    namespace: string,
    from: string,
    { to = [], patience = 20_000 }: { readonly to?: readonly string[]; readonly patience?: number } = {},
  ): Promise<readonly string[]> => {
    asked += 1;
    const text = W52P.text.replaceAll('10.1.3.239', from).replaceAll('1536537630', `15365376${asked}`);
    const bytes = Buffer.from(onWire(text)).toString('base64');
    const output = await lab.run(namespace, [
      process.execPath,
      '-e',
      ASK,
      bytes,
      from,
      String(patience),
      ...to,
    ]);
    return output.split('\n').filter((line) => line !== '');
  };
  /** Where perhaps nobody answers. */
  const IN_VAIN = { patience: 1000 };
  const ANSWERED = ['10.99.0.1 SIP/2.0 200 OK', '10.99.0.1 NOTIFY http://10.99.0.1/'];
  const answeredAgain = async (daemon: Daemon): Promise<void> => {
    const is = async () => (await ask('phones', '10.99.0.9', IN_VAIN)).join() === ANSWERED.join();
    await until(is, 'an answer', daemon.running.output);
  };

  test('switched off and on, the group is heard again', async () => {
    const daemon = await startDaemon(lab);
    expect(await ask('phones', '10.99.0.9')).toEqual(ANSWERED);
    await ip('desk', 'link set lan0 down');
    await ip('desk', 'link set lan0 up');
    await answeredAgain(daemon);
  });

  test('an address that goes and comes back', async () => {
    const daemon = await startDaemon(lab);
    await ip('desk', 'address delete 10.99.0.1/24 dev lan0');
    await ip('desk', 'address add 10.99.0.1/24 dev lan0');
    await answeredAgain(daemon);
  });

  test('plugged out and in, it is another interface of the same name, and the group is joined on it', async () => {
    const daemon = await startDaemon(lab);
    await ip('desk', 'link delete lan0');
    await ip('desk', 'link add lan0 type veth peer name p0 netns phones');
    await plugIn('phones', 'p0', '10.99.0.9');
    await ip('desk', 'link set lan0 up');
    await ip('desk', 'address add 10.99.0.1/24 dev lan0');
    await answeredAgain(daemon);
    expect(await lab.run('desk', ['ip', 'maddress', 'show', 'dev', 'lan0'])).toContain('224.0.1.75');
  });

  test('the wrong network card: who asks there is neither heard nor answered, nor the group joined', async () => {
    await startDaemon(lab);
    expect(await ask('office', '10.99.2.9', IN_VAIN)).toEqual([]);
    expect(await ask('phones', '10.99.0.9')).toEqual(ANSWERED);
    expect(await lab.run('desk', ['ip', 'maddress', 'show', 'dev', 'lan1'])).not.toContain('224.0.1.75');
  });

  test('two network cards, a daemon for each: each answers its own LAN with its own address', async () => {
    await startDaemon(lab);
    const other = join(lab.folder, 'office');
    await mkdir(other);
    const inOther: Lab = { ...lab, folder: other };
    await startDaemon(inOther, { settings: 'lans: [{ interface: lan1 }]' });
    expect(await ask('phones', '10.99.0.9')).toEqual(ANSWERED);
    expect(await ask('office', '10.99.2.9')).toEqual([
      '10.99.2.1 SIP/2.0 200 OK',
      '10.99.2.1 NOTIFY http://10.99.2.1/',
    ]);
  });

  test('phones behind a router ask the address that they were given; only where that subnet is served', async () => {
    await plugIn('floor', 'f0', '10.30.0.51');
    await ip('floor', 'route add default via 10.30.0.1');
    await lab.run('phones', ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await ip('desk', 'route add 10.30.0.0/24 via 10.99.0.9');
    const daemon = await startDaemon(lab);
    expect(await ask('floor', '10.30.0.51', { ...IN_VAIN, to: ['10.99.0.1'] })).toEqual([]);
    await daemon.stop();
    const relayed = '[{ subnet: 10.30.0.0/24, router: 10.30.0.1, pool: 10.30.0.50-10.30.0.99 }]';
    await startDaemon(lab, { settings: `lans: [{ interface: lan0, dhcp: { relayed: ${relayed} } }]` });
    expect(await ask('floor', '10.30.0.51', { to: ['10.99.0.1'] })).toEqual(ANSWERED);
  });
});
