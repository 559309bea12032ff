// A storm as it is watched: a bar on a terminal, plain lines elsewhere, and what is written of it afterwards.
import { Fault } from '../base/fault.ts';
import { roughly } from '../base/units.ts';
import type { ControlClient } from '../control/client.ts';
import type { PlannedPhone, StormLine, StormNews, StormPhone } from '../control/storms-api.ts';
import type { Call, ExitCode, Terminal } from './command.ts';
import { clock, table } from './table.ts';

/** Shows the storm until it rests; Ctrl-C pauses it. How it stood last. */
export async function followStorm(
  { flags, terminal }: Call,
  client: ControlClient,
  started: StormLine,
): Promise<StormLine> {
  const { id } = started;
  const json = flags['json'] === true;
  const begun = Date.now();
  let last = started;
  let isDrawn = false;
  const draw = (news: StormNews): void => {
    const isBad = news.kind === 'phone' && news.phone.verdict !== 'confirmed';
    const line = isBad ? `${phoneText(news.phone)}\n` : '';
    // Back to the line of the bar, which is drawn anew below what is said.
    terminal.out(`${isDrawn ? '\x1b[1A\x1b[2K' : ''}${line}${bar(last, Date.now() - begun, terminal)}`);
    isDrawn = true;
  };
  const show = (news: StormNews): void => {
    if (news.kind === 'storm') last = news.storm;
    if (json) terminal.out(JSON.stringify(news));
    else if (terminal.isTty) draw(news);
    else if (news.kind === 'phone') terminal.out(phoneText(news.phone));
  };
  terminal.onStop(() => {
    client.post<StormLine>(`/v1/storms/${id}/pause`, {}).catch(() => undefined);
  });
  if (!json) terminal.out(opening(started));
  await client.lines<StormNews>({ method: 'GET', path: `/v1/storms/${id}/follow` }, show);
  if (json) return last;
  if (last.mode === 'running') {
    const hint = `it goes on by itself when the daemon is back: see "unboxd storms show ${id}"`;
    throw new Fault('daemon-gone', 'the daemon ended in the middle of the storm', hint);
  }
  terminal.out(`storm ${id} ${last.sentence}`);
  return last;
}

function opening({ id, phones, startAt, madeAt }: StormLine): string {
  const when = startAt > madeAt ? `, from ${clock(startAt)} on` : '';
  return `storm ${id}: ${phones} ${phones === 1 ? 'phone' : 'phones'}${when} (Ctrl-C pauses)`;
}

/** `[#####.....] 512 of 1000, 48/s, 11 s left: 500 confirmed, 12 refused` */
export function bar(storm: StormLine, elapsed: number, { columns }: Pick<Terminal, 'columns'>): string {
  const { phones, finished, counts } = storm;
  const share = phones === 0 ? 1 : finished / phones;
  const width = 20;
  const full = Math.round(share * width);
  const rate = elapsed <= 0 ? 0 : (finished * 1000) / elapsed;
  const left =
    finished === 0 || finished === phones ? '' : `, ${roughly((phones - finished) / (rate / 1000))} left`;
  const parts = Object.entries(counts).map(([verdict, number]) => `${number} ${verdict}`);
  const so = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  const text = `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${finished} of ${phones}, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s${left}${so}`;
  return text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
}

export function phoneText({ mac, label, sentence, advice }: StormPhone): string {
  const who = label === undefined ? mac : `${mac} ${label}`;
  return `${who}: ${sentence}${advice === undefined ? '' : `. ${advice}`}`;
}

/** Done means confirmed, each of them. */
export function exitCodeOf({ counts, phones, mode }: StormLine): ExitCode {
  return mode === 'done' && counts.confirmed === phones ? 0 : 3;
}

export function plannedTable(
  phones: readonly PlannedPhone[],
  { columns }: Pick<Terminal, 'columns'>,
): readonly string[] {
  const rows = phones.map(({ mac, label, vendor, model, to, event, effect, because }) => [
    mac,
    label ?? '',
    `${vendor ?? '?'} ${model ?? ''}`.trim(),
    to ?? '-',
    because === undefined ? `${event ?? ''}: ${effect ?? ''}` : `not woken: ${because}`,
  ]);
  const count = phones.filter(({ because }) => because === undefined).length;
  return [
    ...table([['MAC', 'LABEL', 'PHONE', 'TO', 'WAKE-UP'], ...rows], columns),
    `${count} of ${phones.length} phones would be woken`,
  ];
}

const COLUMNS = [
  'mac',
  'label',
  'vendor',
  'model',
  'address',
  'verdict',
  'sentence',
  'advice',
  'status',
  'wokenAt',
  'times',
  'afterMs',
] as const satisfies readonly (keyof StormPhone)[];

/** A verdict for each phone, for other programs. */
export function reportText(format: 'csv' | 'json', phones: readonly StormPhone[]): string {
  if (format === 'json') return `${JSON.stringify(phones, null, 2)}\n`;
  const rows = phones.map((phone) => COLUMNS.map((column) => csvField(phone[column])));
  return [COLUMNS.join(','), ...rows.map((row) => row.join(','))].map((line) => `${line}\r\n`).join('');
}

/** RFC 4180; and what a spreadsheet would take for a formula is no formula. */
function csvField(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
