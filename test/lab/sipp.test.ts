// SIPp plays the phone: it asks by PnP, and it is woken by check-sync.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab, type Running, until } from './lab.ts';

const NEEDS = { commands: ['ip', 'sipp', 'curl'], packages: ['iproute2', 'sip-tester', 'curl'] };
const MAC = '00:15:65:aa:bb:cc';
const AGENT = 'Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:cc';

await describeLab('SIPp as the phone', NEEDS, () => {
  let lab: Lab;
  let daemon: Daemon;
  beforeAll(async () => {
    lab = await openLab([STAGING]);
    await lab.run('phones', ['ip', 'address', 'add', '10.99.0.9/24', 'dev', 'p0']);
    await lab.run('phones', ['ip', 'route', 'add', '224.0.0.0/4', 'dev', 'p0']);
    daemon = await startDaemon(lab);
  });
  afterAll(async () => {
    await lab.close();
  });

  const sipp = (scenario: string, ...args: readonly string[]): Running => {
    const own = ['-i', '10.99.0.9', '-p', '5060', '-m', '1', '-nostdin', '-timeout', '20s', '-timeout_error'];
    return lab.start('phones', ['sipp', '-sf', scenario, ...own, ...args]);
  };
  /** The phone answers the NOTIFY after `slow` ms. What SIPp says at its end. */
  const askByPnp = async (slow: number): Promise<string> => {
    const phone = sipp('test/lab/sipp/pnp-phone.xml', '224.0.1.75:5060', '-d', String(slow));
    const code = await phone.ended;
    if (code !== 0) throw new Error(`SIPp ended with ${code}:\n${phone.output()}`);
    return phone.output();
  };

  test('a multicast SUBSCRIBE gets 200 and a NOTIFY with the URL, and its answer is noted', async () => {
    await askByPnp(0);
    await until(
      async () => (await daemon.story(MAC)).includes('acknowledged the URL (200)'),
      'the acknowledgement',
    );
    const story = await daemon.story(MAC);
    expect(story).toContain('was told http://10.99.0.1/ by PnP');
    expect(story.some((line) => /^asked by PnP as Yealink T46S with firmware 66\.86\.0\.15/.test(line))).toBe(
      true,
    );
  });

  test('a NOTIFY is sent again while the phone is silent, and acknowledged once', async () => {
    const acknowledged = async () =>
      (await daemon.story(MAC)).filter((line) => line.startsWith('acknowledged')).length;
    const before = await acknowledged();
    // Timer E: again after 0.5, 1.5 and 3.5 s (RFC 3261 section 17.1.2.2).
    const screen = await askByPnp(6000);
    const again = Number(/NOTIFY <-+\s+1\s+(\d+)/.exec(screen)?.[1]);
    expect(again, screen).toBeGreaterThanOrEqual(2);
    await until(async () => (await acknowledged()) === before + 1, 'one more acknowledgement');
  });

  const fetchOwnFile = async (): Promise<void> => {
    const url = 'http://10.99.0.1/001565aabbcc.cfg';
    await lab.run('phones', ['curl', '-sS', '-f', '-A', AGENT, '-o', '/dev/null', url]);
  };
  /** A SIPp phone that answers wake-ups with that status, and writes what woke it. */
  const wokenPhone = async (status: string): Promise<{ phone: Running; wokenBy: () => Promise<string> }> => {
    const scenario = join(lab.folder, 'woken.xml');
    const log = join(lab.folder, 'woken.log');
    const text = await readFile('test/lab/sipp/woken-phone.xml', 'utf8');
    await writeFile(scenario, text.replace('SIP/2.0 STATUS', `SIP/2.0 ${status}`));
    await writeFile(log, '');
    const phone = sipp(scenario, '-trace_logs', '-log_file', log);
    const listens = async () => (await lab.run('phones', ['ss', '-Hlun', 'sport = :5060'])).includes(':5060');
    await until(listens, 'SIPp to listen', phone.output);
    return { phone, wokenBy: async () => await readFile(log, 'utf8') };
  };
  const resync = async (...args: readonly string[]) => await daemon.cli('resync', '--mac', MAC, ...args);

  describe('once its address is known', () => {
    beforeAll(fetchOwnFile);

    test('a phone that answers 200 and does not fetch is not confirmed', async () => {
      const { phone, wokenBy } = await wokenPhone('200 OK');
      const { code, output } = await resync('--wait', '2s');
      expect([code, output]).toEqual([3, expect.stringContaining('fetched nothing within')]);
      expect(await phone.ended).toBe(0);
      expect(await wokenBy()).toBe('woken by check-sync;reboot=false\n');
    });

    test('a phone that fetches its own file after the wake-up is confirmed', async () => {
      const { phone } = await wokenPhone('200 OK');
      const waking = resync('--wait', '20s');
      expect(await phone.ended).toBe(0);
      await fetchOwnFile();
      const { code, output } = await waking;
      expect([code, output]).toEqual([
        0,
        expect.stringContaining('confirmed: fetched 001565aabbcc.cfg again'),
      ]);
    });

    test('a phone that refuses is said to', async () => {
      const { phone } = await wokenPhone('481 Subscription Does Not Exist');
      const { code, output } = await resync();
      expect([code, output]).toEqual([3, expect.stringContaining('refused with 481')]);
      expect(await phone.ended).toBe(0);
    });

    test('--reboot says so in the event', async () => {
      const { phone, wokenBy } = await wokenPhone('200 OK');
      const { code } = await resync('--reboot', '--wait', '1s');
      expect(code).toBe(3);
      expect(await phone.ended).toBe(0);
      expect(await wokenBy()).toBe('woken by check-sync;reboot=true\n');
    });
  });
});
