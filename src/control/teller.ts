// What is told goes three ways: to the timeline, to the log, and what must outlive a restart to the state.
import { parseIpv4, showIpv4 } from '../base/ipv4.ts';
import type { Log } from '../base/log.ts';
import { showMac } from '../base/mac.ts';
import { phoneAt, type Register } from '../phones/register.ts';
import type { State } from '../store/state.ts';
import { doorOf } from '../timeline/counts.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import { ownFileAfter } from '../timeline/progress.ts';
import { isNormal } from '../timeline/reason.ts';
import { sentence } from '../timeline/sentence.ts';
import { createThinner, type Thinner } from '../timeline/thin.ts';

export interface TellerParts {
  readonly state: State;
  readonly register: Register;
  readonly log: Log;
  /** That of the timeline. */
  readonly tell: Tell;
}

/** Timeline first, then the log; and what must outlive a restart goes to the state. */
export function createTeller(parts: TellerParts): Tell {
  const { state, register, log, tell } = parts;
  const lines = { error: createThinner(MOST_ERRORS_A_SECOND), other: createThinner(MOST_LINES_A_SECOND) };
  return (told) => {
    const event = named(register, told);
    tell(event);
    logEvent(log, lines, event);
    if (event.kind !== 'fetched' || event.role !== 'own' || event.mac === undefined) return;
    const { mac } = event;
    const clues = [...(register.phones.get(mac)?.clues.values() ?? [])];
    const ownFile = ownFileAfter(undefined, event);
    state.notePhone({ mac, clues, ownFile }).catch((error: unknown) => {
      log.error({ error: String(error) }, 'the proof of a phone could not be stored');
    });
  };
}

/** Where no secured connection came about nobody could say who it is: the address tells. */
function named(register: Register, event: PhoneEvent): PhoneEvent {
  if (event.kind !== 'tls-refused' || event.mac !== undefined) return event;
  const address = parseIpv4(event.from?.split(':')[0] ?? '');
  return { ...event, mac: address === undefined ? undefined : phoneAt(register, address)?.mac };
}

/** A rack that gets power makes some hundred; beyond this it is a flood. */
const MOST_LINES_A_SECOND = 1000;
/** A full disk makes one for each phone that asks. Apart, so that no flood pushes them out. */
const MOST_ERRORS_A_SECOND = 20;

interface Lines {
  readonly error: Thinner;
  readonly other: Thinner;
}

function logEvent(common: Log, lines: Lines, event: PhoneEvent): void {
  const door = doorOf(event);
  const log = (door && common.forDoor?.(door)) ?? common;
  const level = levelOf(event);
  // A flood makes thousands of events: what nobody reads is not put into words.
  if (!log.isLevelEnabled(level)) return;
  const { mayWrite, left } = lines[level === 'error' ? 'error' : 'other'].admit(event.at);
  if (!mayWrite) return;
  if (left > 0)
    log.info({ left }, `${left} more lines are left out: too much at a time, the timelines have all`);
  const { kind, at: _loggedAlready, mac, ...rest } = event;
  const { from } = rest;
  const address = 'address' in rest && rest.address !== undefined ? { address: showIpv4(rest.address) } : {};
  const who = mac === undefined ? (from ?? 'unboxd') : showMac(mac);
  log[level]({ event: kind, mac: mac && showMac(mac), ...rest, ...address }, `${who} ${sentence(event)}`);
}

/** What every healthy boot contains is for those who look closely. */
function levelOf(event: PhoneEvent): 'debug' | 'info' | 'warn' | 'error' {
  if (event.kind === 'fault') return 'error';
  if (event.kind === 'refused' && event.alarm === true) return 'warn';
  if (event.kind === 'garbled' || event.kind === 'progress') return 'debug';
  return event.kind === 'refused' && isNormal(event.because) ? 'debug' : 'info';
}
