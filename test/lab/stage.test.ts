// The private network itself: whatever becomes of us, nothing of it is left behind.
import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scriptOf } from '../../src/rehearse/stage.ts';
import { describeLab, heard, openLab, script, until } from './lab.ts';
import { FIRST as LINK } from './links.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

await describeLab('a stage', { commands: ['sleep'], packages: ['coreutils'] }, () => {
  test('keeps its commands from every network of this machine, and in our folder', async () => {
    const lab = await openLab([LINK]);
    const links = await lab.run('phones', ['ip', '-brief', 'link']);
    const folder = await lab.run('phones', ['pwd']);
    await lab.close();
    expect(links.split('\n').map((line) => line.split(/[\s@]/)[0])).toEqual(['lo', 'p0', '']);
    expect(folder.trim()).toBe(process.cwd());
  });

  test('gives the pid of the command itself, so that a signal reaches it', async () => {
    const lab = await openLab([LINK]);
    const running = lab.start('desk', [
      'sh',
      '-c',
      'trap "echo asked; exit 7" TERM; echo here; while :; do sleep 0.1; done',
    ]);
    await heard(running, 'here');
    expect(await running.stop()).toBe(7);
    expect(running.output()).toBe('here\nasked\n');
    await lab.close();
  });

  test('leaves nothing behind when it is closed, nor when we are killed', async () => {
    const lab = await openLab([LINK]);
    // A stage within the stage, whose owner is killed without warning. Its network is told by its name.
    const owner = lab.start('desk', script('test/lab/stage-owner.ts'));
    await heard(owner, 'sleeper');
    const [helper = 0, sleeper = 0] = [...owner.output().matchAll(/(?:helper|sleeper) (\d+)/g)].map((match) =>
      Number(match[1]),
    );
    const theirs = readlinkSync(`/proc/${sleeper}/ns/net`);
    expect(theirs).not.toBe(readlinkSync(`/proc/${process.pid}/ns/net`));

    await owner.stop('SIGKILL');
    await until(
      () => !isAlive(helper) && !isAlive(sleeper),
      'the end of the helper and of what ran in its network',
    );
    const other = lab.start('phones', ['sleep', '600']);
    await lab.close();
    await until(() => !isAlive(other.pid) && !isAlive(lab.stage.pid), 'the end of all that was started');
  });
});

test('names that a shell would read otherwise are refused', () => {
  expect(() => scriptOf([{ ...LINK, host: 'desk;reboot' }])).toThrow('not fit for a stage: desk;reboot');
  expect(() => scriptOf([{ ...LINK, peerInterface: '-all' }])).toThrow('not fit for a stage');
});
