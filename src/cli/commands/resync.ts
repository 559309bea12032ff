import { writeFile } from 'node:fs/promises';
import { Fault, messageOf } from '../../base/fault.ts';
import { parseMac } from '../../base/mac.ts';
import { parseDuration } from '../../base/units.ts';
import type { ResyncLine, ResyncOrder, Verdict } from '../../control/api.ts';
import { type ControlClient, controlClient } from '../../control/client.ts';
import type { PlannedPhone, StormLine, StormOrder, StormPhone } from '../../control/storms-api.ts';
import { type Call, type Command, DAEMON_FLAGS, type ExitCode, textFlag, UsageError } from '../command.ts';
import { EXPORTS, exportLines } from '../resync-export.ts';
import { isStorm, orderFrom, STORM_FLAGS } from '../resync-order.ts';
import { exitCodeOf, followStorm, plannedTable, reportText } from '../storms-progress.ts';

/** `unboxd resync`: wakes phones and says whether each really fetched its file again. */
export const resync: Command = {
  name: 'resync',
  summary: 'tell phones to fetch their files again, and see whether they do',
  flags: [
    { flags: '--mac <mac>', what: 'this phone; several with commas' },
    ...STORM_FLAGS,
    { flags: '--reboot', what: 'tell them to reboot, too' },
    { flags: '--push', what: 'tell it its URL unasked, where its make takes that (one phone)' },
    { flags: '--wait <time>', what: 'how long a phone may take to fetch', otherwise: '60s' },
    ...DAEMON_FLAGS,
  ],
  examples: [
    'unboxd resync --mac 00:15:65:aa:bb:cc',
    'unboxd resync --mac 00:15:65:aa:bb:cc --reboot --wait 5m',
    'unboxd resync --vendor yealink --subnet 10.20.1.0/24 --dry-run',
    'unboxd resync --all --at 02:00 --spread 10m --waves 5,10% --stop-at 20% --report night.csv',
    'unboxd resync --stage stuck --export asterisk',
  ],
  run: async (call) => {
    const patience = parseDuration(textFlag(call.flags, 'wait') ?? '');
    if (patience === undefined) throw new UsageError('write --wait as a duration: 30s, 5m');
    const client = controlClient(textFlag(call.flags, 'control') ?? '');
    const push = call.flags['push'] === true;
    if (push && isStorm(call.flags)) throw new UsageError('--push tells one phone: name it by --mac');
    if (isStorm(call.flags)) return await storm(call, client, patience);
    const mac = parseMac(textFlag(call.flags, 'mac') ?? '');
    if (mac === undefined)
      throw new UsageError('name the phone: --mac 00:15:65:aa:bb:cc (or --all, --vendor, --file ...)');
    return await one(call, client, { mac, reboot: call.flags['reboot'] === true, push, patience });
  },
};

/** A single phone, step by step. */
async function one({ flags, terminal }: Call, client: ControlClient, order: ResyncOrder): Promise<ExitCode> {
  let verdict: Verdict | undefined;
  await client.lines<ResyncLine>({ method: 'POST', path: '/v1/resync', body: order }, (line) => {
    verdict = line.verdict ?? verdict;
    terminal.out(flags['json'] === true ? JSON.stringify(line) : line.sentence);
  });
  if (verdict === undefined) return 1;
  return verdict === 'confirmed' ? 0 : 3;
}

async function storm(call: Call, client: ControlClient, patience: number): Promise<ExitCode> {
  const { flags, terminal } = call;
  const order = await orderFrom(flags, { patience, now: Date.now() });
  const format = textFlag(flags, 'export');
  if (format !== undefined || flags['dryRun'] === true) return await plan(call, client, order);
  const report = textFlag(flags, 'report');
  if (report !== undefined) await saveReport(report, []);
  const started = await client.post<StormLine>('/v1/storms', order);
  const last = await followStorm(call, client, started);
  if (report !== undefined) {
    const phones = await client.get<readonly StormPhone[]>(`/v1/storms/${started.id}/phones`);
    await saveReport(report, phones);
    terminal.note(`the report is in ${report}`);
  }
  return exitCodeOf(last);
}

/** Who would be woken, and how: for people, for machines, or for a registrar. */
async function plan({ flags, terminal }: Call, client: ControlClient, order: StormOrder): Promise<ExitCode> {
  const format = textFlag(flags, 'export');
  const kind = EXPORTS.find((name) => name === format);
  if (format !== undefined && kind === undefined)
    throw new UsageError(`--export takes ${EXPORTS.join(', ')}`);
  const phones = await client.post<readonly PlannedPhone[]>('/v1/storms', { ...order, dryRun: true });
  const lines = kind === undefined ? plannedTable(phones, terminal) : exportLines(kind, phones);
  for (const line of kind === undefined && flags['json'] === true ? [JSON.stringify(phones)] : lines)
    terminal.out(line);
  return phones.some(({ because }) => because !== undefined) ? 3 : 0;
}

/** Written once before, too: a report that cannot be written is no news for after the storm. */
async function saveReport(file: string, phones: readonly StormPhone[]): Promise<void> {
  if (!/\.(json|csv)$/i.test(file)) throw new UsageError('name the report FILE.json or FILE.csv');
  const text = reportText(/\.csv$/i.test(file) ? 'csv' : 'json', phones);
  await writeFile(file, text).catch((error: unknown) => {
    throw new Fault(
      'report-unwritable',
      `${file} cannot be written: ${messageOf(error)}`,
      'name another file',
      error,
    );
  });
}
