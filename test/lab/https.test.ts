// Real programs at the HTTPS door, and a second LAN that must never hear of any door.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StageLink } from '../../src/rehearse/stage.ts';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, heard, type Lab, openLab, until } from './lab.ts';

const OFFICE: StageLink = {
  host: 'desk',
  interface: 'lan1',
  address: '10.99.2.1/24',
  peer: 'office',
  peerInterface: 'q0',
};
const NEEDS = { commands: ['ip', 'curl', 'udhcpc'], packages: ['iproute2', 'curl', 'udhcpc'] };

await describeLab('a daemon with HTTPS on a host with two LANs', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING, OFFICE]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    await lab.run('office', ['ip', 'address', 'add', '10.99.2.9/24', 'dev', 'q0']);
    daemon = await startDaemon(lab, { settings: 'doors: { https: 443 }', files: { 'a.txt': 'hello' } });
  });
  afterAll(async () => {
    await lab.close();
  });

  const curl = async (namespace: string, ...args: readonly string[]) => {
    const called = lab.start(namespace, ['curl', '--silent', '--show-error', '--max-time', '5', ...args]);
    return { code: await called.ended, output: called.output() };
  };

  test('who trusts the CA of the appliance gets the file; who does not is told, and the door stays open', async () => {
    const ca = `${lab.folder}/state/certs/ca.pem`;
    const stranger = await curl('phones', 'https://10.99.0.1/a.txt');
    expect([stranger.code, stranger.output]).toEqual([60, expect.stringContaining('certificate')]);
    expect(await curl('phones', '--cacert', ca, 'https://10.99.0.1/a.txt')).toEqual({
      code: 0,
      output: 'hello',
    });
  });

  test('bytes that are no TLS harm nobody', async () => {
    expect((await curl('phones', 'http://10.99.0.1:443/a.txt')).code).not.toBe(0);
    const ca = `${lab.folder}/state/certs/ca.pem`;
    expect((await curl('phones', '--cacert', ca, 'https://10.99.0.1/a.txt')).output).toBe('hello');
    expect((await daemon.cli('story')).output).toContain('HTTPS door');
  });

  test('a DISCOVER on the other LAN gets nothing and is not even counted; on this one it gets a lease', async () => {
    const clerk = lab.start('office', [
      'udhcpc',
      '-i',
      'q0',
      '-f',
      '-n',
      '-q',
      '-t',
      '2',
      '-T',
      '1',
      '-s',
      '/bin/true',
    ]);
    await heard(clerk, 'broadcasting discover');
    expect(await clerk.ended).not.toBe(0);
    const link = await lab.run('office', ['ip', 'link', 'show', 'q0']);
    const clerkMac = /link\/ether (\S+)/.exec(link)?.[1];
    expect(clerkMac).toMatch(/^[0-9a-f:]{17}$/);
    expect((await daemon.phones()).map(({ mac }) => mac)).not.toContain(clerkMac);
    const phone = lab.start('phones', [
      'udhcpc',
      '-i',
      'p0',
      '-f',
      '-n',
      '-q',
      '-t',
      '5',
      '-T',
      '1',
      '-s',
      '/bin/true',
    ]);
    expect(await phone.ended).toBe(0);
    expect(phone.output()).toContain('lease of 10.99.0.');
    const leased = async () =>
      (await daemon.phones()).some(({ sentence }) => sentence.includes('got the address'));
    await until(leased, 'the phone in the list');
  });

  test('the office reaches no door', async () => {
    await lab.run('office', ['ip', 'route', 'add', '10.99.0.0/24', 'via', '10.99.2.1']);
    expect((await curl('office', 'http://10.99.0.1/a.txt')).code).not.toBe(0);
    expect((await curl('office', '-k', 'https://10.99.0.1/a.txt')).code).not.toBe(0);
  });
});
