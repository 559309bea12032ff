// What was typed behind `unboxd resync`, as an order for the daemon.
import { readFile } from 'node:fs/promises';
import { Fault, messageOf } from '../base/fault.ts';
import { parseDuration } from '../base/units.ts';
import type { StormOrder, StormSelection } from '../control/storms-api.ts';
import { STAGES } from '../timeline/diagnosis.ts';
import { type Flag, type Flags, textFlag, UsageError } from './command.ts';

export const STORM_FLAGS: readonly Flag[] = [
  { flags: '--all', what: 'every phone that is known' },
  { flags: '--vendor <name>', what: 'phones of this maker' },
  { flags: '--model <name>', what: 'phones of this model; * stands for anything' },
  { flags: '--label <text>', what: 'phones with this label; * stands for anything' },
  { flags: '--subnet <subnet>', what: 'phones with an address in it: 10.20.1.0/24' },
  { flags: '--stage <stage>', what: 'phones that are stuck, stale, proven ... now' },
  { flags: '--file <file>', what: 'phones whose MACs it lists, one a line or in the first column' },
  { flags: '--unconfirmed <storm>', what: 'phones of that storm which are not confirmed' },
  { flags: '--dry-run', what: 'only list who would be woken, and how' },
  { flags: '--rate <number>', what: 'wake-ups a second; 0: as fast as it goes', otherwise: '50' },
  {
    flags: '--concurrency <number>',
    what: 'phones between wake-up and verdict at a time (default: any number)',
  },
  { flags: '--spread <time>', what: 'spread the wake-ups over this time: 10m' },
  { flags: '--at <time>', what: 'begin at this time of day: 02:00' },
  { flags: '--waves <sizes>', what: 'first so many, then so many, then the rest: 5,10%' },
  {
    flags: '--stop-at <share>',
    what: 'stop by itself when more than this share fails: 20% (default: never)',
  },
  { flags: '--retry <number>', what: 'wake phones that gave no sign so many times more (default 0)' },
  { flags: '--restart', what: 'tell them to restart without power-on tests' },
  { flags: '--settings-report', what: 'tell them to send their settings' },
  { flags: '--profile <url>', what: 'tell them to fetch this file' },
  { flags: '--via <address>', what: 'send by this outbound proxy: 10.20.0.5:5060' },
  { flags: '--transport <name>', what: 'udp, tcp or tls, instead of what the vendor file says' },
  { flags: '--by <way>', what: 'sip, or http for makers that can be woken so', otherwise: 'sip' },
  { flags: '--report <file>', what: 'write a verdict for each phone: FILE.json or FILE.csv' },
  { flags: '--export <pbx>', what: 'print commands for the registrar: asterisk, freeswitch, kamailio' },
];

const DEFAULTS: Readonly<Record<string, string>> = { rate: '50', by: 'sip' };
/** What a single phone may have too. */
const SINGLE = new Set(['mac', 'reboot', 'push', 'wait', 'control', 'json']);

/** Whether more than one phone is meant, or more than waking it. */
export function isStorm(flags: Flags): boolean {
  const isSet = Object.entries(flags).some(
    ([name, value]) => !SINGLE.has(name) && value !== undefined && value !== DEFAULTS[name],
  );
  return isSet || textFlag(flags, 'mac')?.includes(',') === true;
}

/** Throws UsageError for what makes no sense. */
export async function orderFrom(
  flags: Flags,
  { patience, now }: { readonly patience: number; readonly now: number },
): Promise<StormOrder> {
  const by = textFlag(flags, 'by');
  if (by !== 'sip' && by !== 'http') throw new UsageError('--by takes sip or http');
  const profile = textFlag(flags, 'profile');
  return {
    selection: await selectionFrom(flags),
    what: whatFrom(flags),
    ...(profile === undefined ? {} : { url: profile }),
    transport: transportFrom(textFlag(flags, 'transport')),
    via: textFlag(flags, 'via'),
    byHttp: by === 'http',
    startAt: startFrom(textFlag(flags, 'at'), now),
    perSecond: numberFrom(flags, 'rate'),
    atOnce: numberFrom(flags, 'concurrency'),
    spread: spreadFrom(textFlag(flags, 'spread')),
    waves: wavesFrom(textFlag(flags, 'waves')),
    stopAt: stopFrom(textFlag(flags, 'stopAt')),
    retries: numberFrom(flags, 'retry'),
    patience,
    dryRun: false,
  };
}

async function selectionFrom(flags: Flags): Promise<StormSelection> {
  const stage = textFlag(flags, 'stage');
  const known = STAGES.find((name) => name === stage);
  if (stage !== undefined && known === undefined) throw new UsageError(`--stage takes ${STAGES.join(', ')}`);
  const file = textFlag(flags, 'file');
  const typed = textFlag(flags, 'mac')
    ?.split(',')
    .map((mac) => mac.trim());
  const listed = file === undefined ? undefined : await macsOf(file);
  // Both at once narrow the selection, as all conditions do.
  const plain = (mac: string): string => mac.replaceAll(/[-:.]/g, '').toLowerCase();
  const both = typed && listed && typed.filter((mac) => listed.some((other) => plain(other) === plain(mac)));
  return {
    all: flags['all'] === true,
    macs: both ?? typed ?? listed,
    vendor: textFlag(flags, 'vendor'),
    model: textFlag(flags, 'model'),
    label: textFlag(flags, 'label'),
    subnet: textFlag(flags, 'subnet'),
    stage: known,
    unconfirmedOf: textFlag(flags, 'unconfirmed'),
  };
}

/** The first column of each line; a header, comments and empty lines are left out. */
async function macsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Fault(
      'file-unreadable',
      `${file} cannot be read: ${messageOf(error)}`,
      'name a file of MACs',
      error,
    );
  });
  const lines = text
    .split(/\r?\n/)
    .map((line) => (line.split(/[,;\t]/, 1)[0] ?? '').trim().replaceAll('"', ''));
  return lines.filter((line) => line !== '' && !line.startsWith('#') && line.toLowerCase() !== 'mac');
}

function whatFrom(flags: Flags): StormOrder['what'] {
  const said = (['reboot', 'restart', 'report', 'profile'] as const).filter((what) => {
    const flag = what === 'report' ? flags['settingsReport'] : flags[what];
    return flag !== undefined && flag !== false;
  });
  if (said.length > 1) throw new UsageError(`a phone is told one thing at a time, not ${said.join(' and ')}`);
  return said[0] ?? 'fetch';
}

function transportFrom(text: string | undefined): StormOrder['transport'] {
  const known = (['udp', 'tcp', 'tls'] as const).find((name) => name === text);
  if (text !== undefined && known === undefined) throw new UsageError('--transport takes udp, tcp or tls');
  return known;
}

function numberFrom(flags: Flags, name: string): number {
  const text = textFlag(flags, name) ?? '0';
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} takes a number, not "${text}"`);
  return Number(text);
}

function spreadFrom(text: string | undefined): number {
  const ms = text === undefined ? 0 : parseDuration(text);
  if (ms === undefined) throw new UsageError('write --spread as a duration: 10m');
  return ms;
}

function wavesFrom(text: string | undefined): string[] {
  const sizes = text?.split(',').map((size) => size.trim()) ?? [];
  if (!sizes.every((size) => /^\d{1,6}%?$/.test(size))) throw new UsageError('write --waves as sizes: 5,10%');
  return sizes;
}

function stopFrom(text: string | undefined): number {
  const percent = text === undefined ? '100' : /^(\d{1,3})%$/.exec(text)?.[1];
  if (percent === undefined || Number(percent) > 100) throw new UsageError('write --stop-at as a share: 20%');
  return Number(percent) / 100;
}

/** The next time the clock on the wall shows that, in ms since 1970. */
function startFrom(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, hours = '', minutes = ''] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours === '') throw new UsageError('write --at as a time of day: 02:00');
  const start = new Date(now);
  start.setHours(Number(hours), Number(minutes), 0, 0);
  if (start.getTime() <= now) start.setDate(start.getDate() + 1);
  return start.getTime();
}
