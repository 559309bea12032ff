// The firmware of a phone: how far it is with loading, whether it may be unplugged, and what it came back with.
import { printable } from '../base/bytes.ts';
import { roughly } from '../base/units.ts';
import type { Millis } from '../base/world.ts';
import type { EventOf, PhoneEvent } from './event.ts';

export interface FirmwareState {
  /** As the phone last said itself. */
  readonly runs?: string | undefined;
  readonly loading?: Loading | undefined;
  /** It has fetched all of it, and is not known to be back with it. */
  readonly took?: Took | undefined;
  /** What it came back with. */
  readonly back?: Back | undefined;
}

interface Loading {
  readonly file: string;
  readonly bytes: number;
  readonly of: number;
  readonly bytesPerSecond: number;
  readonly at: Millis;
}

interface Took {
  readonly file: string;
  /** As the name of the file tells it. */
  readonly version: string | undefined;
  readonly at: Millis;
  /** What it ran before. */
  readonly before: string | undefined;
  /** It has started again since. */
  readonly isBack: boolean;
}

interface Back {
  readonly runs: string;
  /** `passed-on`: it runs another one than before and did not fetch it here. */
  readonly how: 'new' | 'old' | 'passed-on';
  readonly wanted?: string | undefined;
}

/** What a phone's line says of it. */
export interface FirmwareLine {
  readonly stage: 'fetching' | 'stuck' | 'stale';
  readonly sentence: string;
  readonly advice?: string | undefined;
}

/** Phones are silent for so long at most while they write their flash. */
const WRITES_FOR = 300_000;
/** A phone does not fetch firmware and start again in less. */
const SHORTEST_START = 20_000;

/** The state after one more event; the same object when the event says nothing of firmware. */
export function firmwareAfter(
  before: FirmwareState | undefined,
  event: PhoneEvent,
): FirmwareState | undefined {
  const seen = loaded(before, event);
  return judged(started(seen, event), event);
}

function loaded(state: FirmwareState | undefined, event: PhoneEvent): FirmwareState | undefined {
  if (event.kind === 'transfer-ended-early')
    return state?.loading?.file === event.file ? { ...state, loading: undefined } : state;
  if (!isTransfer(event) || event.role !== 'firmware') return state;
  if (event.kind === 'up-to-date') return { ...state, loading: undefined, took: undefined };
  if (event.kind === 'progress') return { ...state, loading: loadingOf(event) };
  const { file, at, bytes } = event;
  if (event.kind === 'fetching')
    return { ...state, loading: loadingOf({ file, at, bytes: 0, of: bytes, bytesPerSecond: 0 }) };
  const took = { file, version: versionIn(file), at, before: state?.runs, isBack: false };
  return { ...state, loading: undefined, took, back: undefined };
}

function isTransfer(event: PhoneEvent): event is EventOf<'fetching' | 'progress' | 'up-to-date' | 'fetched'> {
  return ['fetching', 'progress', 'up-to-date', 'fetched'].includes(event.kind);
}

function loadingOf({ file, bytes, of, bytesPerSecond, at }: Loading): Loading {
  return { file, bytes, of, bytesPerSecond, at };
}

/** Whether the phone has started again. */
function started(state: FirmwareState | undefined, event: PhoneEvent): FirmwareState | undefined {
  const took = state?.took;
  if (took === undefined || took.isBack || event.at - took.at < SHORTEST_START || !isStart(event))
    return state;
  return { ...state, loading: undefined, took: { ...took, isBack: true } };
}

function isStart(event: PhoneEvent): boolean {
  if (event.kind === 'asked-for-address' || event.kind === 'asked-by-pnp') return true;
  if (event.kind === 'leased') return event.how === 'new' || event.how === 'rebooted';
  return isAsking(event);
}

/** It asks for files of its own again. Who says its version over HTTP has said it by then. */
function isAsking(event: PhoneEvent): boolean {
  if (event.kind !== 'fetched' && event.kind !== 'up-to-date') return false;
  return event.role === 'own' || event.role === 'common' || event.role === 'boot';
}

function judged(state: FirmwareState | undefined, event: PhoneEvent): FirmwareState | undefined {
  const said = saidIn(event);
  const took = state?.took;
  const runs = said ?? state?.runs;
  const seen = said === undefined ? state : { ...state, runs };
  if (runs === undefined || (said === undefined && !isAsking(event))) return seen;
  if (took?.isBack === true) {
    const back = backWith(took, runs);
    return { ...seen, took: undefined, back };
  }
  // Phones of some makes pass firmware on to each other: fewer downloads than phones are no trouble.
  const isOther = said !== undefined && state?.runs !== undefined && said !== state.runs;
  if (took === undefined && isOther) return { ...seen, back: { runs, how: 'passed-on' } };
  return seen;
}

function saidIn(event: PhoneEvent): string | undefined {
  const isIdentity =
    event.kind === 'identified' || event.kind === 'appeared' || event.kind === 'asked-by-pnp';
  return isIdentity ? event.firmware : undefined;
}

/** Undefined where nobody can tell. */
function backWith({ version, before }: Took, runs: string): Back | undefined {
  if (version !== undefined)
    return { runs, how: isSameVersion(version, runs) ? 'new' : 'old', wanted: version };
  if (before === undefined) return undefined;
  return { runs, how: before === runs ? 'old' : 'new' };
}

/** `firmware/<vendor>/<model>/<version>/<file>`, or numbers with dots or dashes in the name of the file. */
export function versionIn(file: string): string | undefined {
  const [root, , , version, name] = file.split('/');
  if (root === 'firmware' && name !== undefined) return version;
  return /\d+(?:[.-]\d+){2,}/.exec(file.slice(file.lastIndexOf('/') + 1))?.[0];
}

/** Phones write the same version with other separators, with zeros, and with more behind it. */
function isSameVersion(a: string, b: string): boolean {
  const [numbersA, numbersB] = [numbersOf(a), numbersOf(b)];
  const [short, long] = numbersA.length < numbersB.length ? [numbersA, numbersB] : [numbersB, numbersA];
  return short.length > 0 && ` ${long.join(' ')} `.includes(` ${short.join(' ')} `);
}

function numbersOf(text: string): readonly number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

/** What the installer must know before anything else; undefined when there is nothing of the kind. */
export function firmwareLine(
  state: FirmwareState | undefined,
  { now, silence }: { readonly now: Millis; readonly silence: number },
): FirmwareLine | undefined {
  const { loading, took, back } = state ?? {};
  if (loading !== undefined && now - loading.at <= silence)
    return { stage: 'fetching', sentence: `is loading the firmware ${howFar(loading)}: do not unplug` };
  if (loading !== undefined)
    return {
      stage: 'stuck',
      sentence: `stopped in the middle of the firmware ${howFar({ ...loading, bytesPerSecond: 0 })}, silent for ${roughly(now - loading.at)}`,
      advice:
        'Do not unplug it while its lamps move. Look at cable and switch; it loads again when it starts. If it starts no more, its maker has a way to load firmware by TFTP.',
    };
  if (took !== undefined && !took.isBack && now - took.at <= WRITES_FOR)
    return {
      stage: 'fetching',
      sentence: `has the firmware ${printable(took.file)} and writes it: do not unplug`,
    };
  if (back?.how === 'old')
    return {
      stage: 'stale',
      sentence: `came back with the old firmware ${printable(back.runs, 40)}${back.wanted === undefined ? '' : `, although it fetched ${printable(back.wanted, 40)}`}`,
      advice:
        'The phone refused the firmware: look whether it is for this model, and whether a step between the two versions is needed.',
    };
  return undefined;
}

/** What is worth a word when all is well. */
export function firmwareAside(state: FirmwareState | undefined): string {
  const back = state?.back;
  if (back?.how === 'new') return `; came back with the firmware ${printable(back.runs, 40)}`;
  if (back?.how === 'passed-on')
    return `; runs the firmware ${printable(back.runs, 40)}, which it did not fetch here (some phones pass it on to each other)`;
  return '';
}

/** `x.rom (43 %, 2 min left)`. */
export function howFar({
  file,
  bytes,
  of,
  bytesPerSecond,
}: Pick<EventOf<'progress'>, 'file' | 'bytes' | 'of' | 'bytesPerSecond'>): string {
  const percent = of === 0 ? 100 : Math.floor((100 * bytes) / of);
  const left = bytesPerSecond > 0 ? `, ${roughly(((of - bytes) * 1000) / bytesPerSecond)} left` : '';
  return `${printable(file)} (${percent} %${left})`;
}
