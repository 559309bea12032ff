import { readFile } from 'node:fs/promises';
import { errnoOf, Fault } from '../../base/fault.ts';
import type { CaredDaemon } from '../../care/survey.ts';
import type { RestoreAnswer } from '../../control/care.ts';
import { type ControlClient, controlClient } from '../../control/client.ts';
import { applyRestore, layRestore, readBackup } from '../../store/backup.ts';
import { type Command, DAEMON_FLAGS, textFlag, UsageError } from '../command.ts';
import { dateAndClock } from '../table.ts';

/** `unboxd restore`: a backup takes the place of the state. */
export const restore: Command = {
  name: 'restore',
  args: '<file>',
  summary: 'put a backup in the place of the state; the running daemon starts anew with it',
  flags: [
    ...DAEMON_FLAGS,
    { flags: '--state <dir>', what: 'where no daemon runs: the state folder to restore into' },
  ],
  examples: [
    'sudo unboxd restore /media/usb/unboxd.backup',
    'sudo unboxd restore unboxd.backup --state /var/lib/unboxd',
  ],
  notes: [
    'The file is verified whole before anything is changed. The journal as it was stays as journal.before-restore.',
  ],
  run: async ({ args, flags, terminal }) => {
    const [file] = args;
    if (file === undefined) throw new UsageError('name the file: unboxd restore FILE');
    const bytes = await contents(file);
    await readBackup(file, bytes);
    const state = textFlag(flags, 'state');
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const running = await daemon(client, state !== undefined);
    const answer =
      running === undefined && state !== undefined
        ? await offline(state, file, bytes)
        : await online(client, bytes, running);
    if (flags['json'] === true) terminal.out(JSON.stringify(answer));
    else terminal.out(`restored ${answer.records} records as of ${dateAndClock(answer.made)}`);
    return 0;
  },
};

/** With --state it is no trouble that none answers. */
async function daemon(client: ControlClient, mayBeNone: boolean): Promise<CaredDaemon | undefined> {
  try {
    return await client.get<CaredDaemon>('/v1/care');
  } catch (error) {
    if (mayBeNone && error instanceof Fault && error.code === 'no-daemon') return undefined;
    throw error;
  }
}

const TRIES = 300;
const PAUSE_MS = 100;

/** Done when the daemon that answers is another one than before. */
async function online(
  client: ControlClient,
  bytes: Uint8Array,
  before: CaredDaemon | undefined,
): Promise<RestoreAnswer> {
  const answer = await client.post<RestoreAnswer>('/v1/restore', bytes);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const now = await client.get<CaredDaemon>('/v1/care').catch(() => undefined);
    if (now !== undefined && now.run !== before?.run) return answer;
    await new Promise<void>((again) => setTimeout(again, PAUSE_MS));
  }
  const hint = 'see why: journalctl -u unboxd -n 50; the state as it was is journal.before-restore';
  throw new Fault('restore-unconfirmed', 'the daemon took the backup, but does not answer again', hint);
}

async function offline(state: string, file: string, bytes: Uint8Array): Promise<RestoreAnswer> {
  const { made, by, records } = await layRestore(state, file, bytes);
  await applyRestore(state);
  return { made, by, records };
}

async function contents(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const hint = 'name the file that "unboxd backup" wrote';
    throw new Fault('unreadable', `${file} cannot be read (${errnoOf(error) ?? 'unknown'})`, hint, error);
  }
}
