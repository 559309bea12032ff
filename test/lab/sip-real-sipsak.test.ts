// sipsak, what an installer reaches for when phones stay silent: the unicast doors as it sees them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'sipsak'], packages: ['iproute2', 'sipsak'] };
const ADDRESS = '10.99.0.9';

/** A SUBSCRIBE as sipsak wants it in a file: it adds the Via itself. */
function subscribe(event: string, transport = 'udp'): string {
  return [
    'SUBSCRIBE sip:MAC%3a001565aabbcc@10.99.0.1 SIP/2.0',
    'From: <sip:MAC%3a001565aabbcc@10.99.0.1>;tag=sak',
    'To: <sip:MAC%3a001565aabbcc@10.99.0.1>',
    `Call-ID: ${event}-${transport}@${ADDRESS}`,
    'CSeq: 1 SUBSCRIBE',
    `Contact: <sip:MAC%3a001565aabbcc@${ADDRESS}:5070>`,
    'User-Agent: Yealink SIP-T46S 66.86.0.15',
    'Expires: 0',
    `Event: ${event};profile-type="device";vendor="yealink";model="T46S";version="66.86.0.15"`,
    'Accept: application/url',
    'Content-Length: 0',
    '',
    '',
  ].join('\n');
}

await describeLab('sipsak at the SIP door', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', `${ADDRESS}/24`, 'dev', 'p0']);
    daemon = await startDaemon(lab);
  });
  afterAll(async () => {
    await lab.close();
  });

  const sipsak = async (...args: readonly string[]) => {
    // -H: else it writes what the name of this machine means into Via, which may be anything.
    const own = ['-vvv', '-k', ADDRESS, '-H', ADDRESS, '-s', 'sip:10.99.0.1'];
    const running = lab.start('phones', ['sipsak', ...own, ...args]);
    return { code: await running.ended, output: running.output() };
  };

  test.each(['udp', 'tcp'])('OPTIONS by %s: SIP is heard here, and what for', async (transport) => {
    const { code, output } = await sipsak('-E', transport);
    expect([code, output]).toEqual([0, expect.stringMatching(/SIP\/2\.0 200 OK/)]);
    expect(output).toMatch(/Allow: SUBSCRIBE, OPTIONS\r?\n/);
    expect(output).toMatch(/Allow-Events: ua-profile\r?\n/);
  });

  test.each(['udp', 'tcp'])(
    'a SUBSCRIBE by %s: the 200, and the phone is in the story',
    async (transport) => {
      const file = join(lab.folder, 'subscribe');
      await writeFile(file, subscribe('ua-profile', transport));
      const { code, output } = await sipsak('-E', transport, '-f', file);
      expect([code, output]).toEqual([0, expect.stringMatching(/SIP\/2\.0 200 OK/)]);
      await until(
        async () => (await daemon.story('00:15:65:aa:bb:cc')).includes('was told http://10.99.0.1/ by PnP'),
        'the URL to be told',
      );
    },
  );

  test('who names another machine as its own gets no answer, and the daemon says why', async () => {
    const file = join(lab.folder, 'elsewhere');
    await writeFile(file, subscribe('ua-profile', 'elsewhere'));
    // T1 of 5 ms: sipsak gives up after 0.3 s.
    const { code, output } = await sipsak('-H', '192.0.2.7', '-Z', '5', '-f', file);
    expect([code, output]).toEqual([3, expect.stringContaining('no final response')]);
    await until(
      () => daemon.running.output().includes('Via 192.0.2.7'),
      'the word about it',
      daemon.running.output,
    );
  });

  test('an event that is not served: 489, which sipsak counts as a no', async () => {
    const file = join(lab.folder, 'presence');
    await writeFile(file, subscribe('presence'));
    const { code, output } = await sipsak('-f', file);
    expect([code, output]).toEqual([1, expect.stringMatching(/SIP\/2\.0 489 Bad Event/)]);
  });

  test('a MESSAGE: 405, and not 32 s of silence', async () => {
    const file = join(lab.folder, 'message');
    await writeFile(file, subscribe('ua-profile').replaceAll('SUBSCRIBE', 'MESSAGE'));
    const { code, output } = await sipsak('-f', file);
    expect([code, output]).toEqual([1, expect.stringMatching(/SIP\/2\.0 405 Method Not Allowed/)]);
  });
});
