// Storms and their verdicts in plain sentences.
import { printable } from '../base/bytes.ts';
import { showIpv4 } from '../base/ipv4.ts';
import { showMac } from '../base/mac.ts';
import { roughly } from '../base/units.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { AuthRefusal } from '../sip/auth.ts';
import type { Outcome, Verdict, Why } from '../sip/storm-plan.ts';
import { failedOf, type Storm } from '../sip/storm-state.ts';
import type { WakeEnd } from '../sip/wake.ts';
import type { StormLine, StormPhone } from './storms-api.ts';

export const WHY: Readonly<Record<Why, string>> = {
  'no-address': 'it has no address on this LAN',
  'unknown-make': 'its make is not known, so neither is its wake-up event',
  'no-such-wake': 'its maker knows no wake-up of that kind',
  'off-the-lan': 'its address, or that of the proxy, is not on the served LAN',
  'in-another-storm': 'another storm still wakes or watches it',
  cancelled: 'the storm was cancelled before its turn',
  restarted: 'the daemon was restarted while it was being woken; it is not woken twice',
  'did-not-restart': 'it fetched its file but was not seen to restart',
};

const AUTH: Readonly<Record<AuthRefusal, string>> = {
  'no-credentials': 'it wants a password, and there is none for it',
  rejected: 'it wants a password, and refused ours',
  'not-supported': 'it wants a password in a way that cannot be computed',
  endless: 'it asks for a password again and again',
};

/** What became of the phone, as the end of "the phone ...". */
export function outcomeSentence(outcome: Outcome, patience: number): string {
  const { verdict, file = '', afterMs = 0, why } = outcome;
  const because = why === undefined ? '' : `: ${WHY[why]}`;
  switch (verdict) {
    case 'confirmed':
      return `confirmed: fetched ${printable(file)} ${roughly(afterMs)} after the wake-up`;
    case 'unreachable':
      return `not woken${because}`;
    case 'skipped':
      return `skipped${because}`;
    case 'unanswered':
      return outcome.end?.kind === 'unanswered' ? silence(outcome.end) : `no answer was heard${because}`;
    case 'acknowledged':
    case 'refused':
    case 'wants-password':
      return answerSentence(outcome, patience);
  }
}

function silence({ tries, trouble }: Extract<WakeEnd, { readonly kind: 'unanswered' }>): string {
  const why = trouble === undefined ? '' : ` (${printable(trouble)})`;
  return `no answer after ${tries} ${tries === 1 ? 'try' : 'tries'}${why}`;
}

function answerSentence({ verdict, end, why }: Outcome, patience: number): string {
  const answer: Partial<Extract<WakeEnd, { readonly kind: 'answered' }>> =
    end?.kind === 'answered' ? end : {};
  const { status = 0, reason = '', auth = 'no-credentials', retryAfter } = answer;
  const said = `${status} ${printable(reason, 40)}`.trim();
  if (verdict === 'wants-password') return `answered ${said}: ${AUTH[auth]}`;
  if (verdict === 'refused')
    return `refused with ${said}${retryAfter === undefined ? '' : `, and wants to be left alone for ${roughly(retryAfter)}`}`;
  if (why === 'did-not-restart') return `acknowledged, but ${WHY[why]}`;
  return patience === 0
    ? `acknowledged with ${said}`
    : `answered ${said}, but did not fetch within ${roughly(patience)}`;
}

const TRY: Readonly<Partial<Record<Verdict, string>>> = {
  acknowledged: 'It may be in a call, or fetch from elsewhere: look at "unboxd story" for it.',
  'wants-password':
    'Put its account into the phone list (sip_user, sip_password), or set wake.credentials in unboxd.yaml.',
  unanswered:
    'It may be off, or obey only its registrar: use "--via" with the address of the PBX, or "--export".',
};

/** What to try, by the phone's maker first. */
export function adviceOn(outcome: Outcome, vendor: Vendor | undefined): string | undefined {
  const advice = vendor?.wake.advice;
  const { verdict, why, end } = outcome;
  if (why === 'no-address') return 'Plug it in, or look at "unboxd phones": it must get its address here.';
  if (why === 'unknown-make') return 'Name its vendor in the phone list.';
  if (verdict === 'unanswered') return advice?.unanswered ?? TRY.unanswered;
  if (verdict === 'acknowledged') return advice?.acknowledged ?? TRY.acknowledged;
  if (verdict === 'wants-password') return advice?.wantsPassword ?? TRY['wants-password'];
  if (verdict !== 'refused') return undefined;
  if (advice?.refused !== undefined) return advice.refused;
  const status = end?.kind === 'answered' ? end.status : 0;
  return STATUS[status] ?? undefined;
}

const STATUS: Readonly<Record<number, string>> = {
  403: 'It obeys only its registrar: use "--via" with the address of the PBX, or "--export".',
  404: 'It knows no such account: fill in sip_user, or leave it to its registrar ("--export").',
  481: 'It takes such events within a subscription only: wake it through its registrar ("--export").',
  486: 'It is busy: try again later.',
  489: 'It does not know this event: its firmware may be older than the vendor file, or another make.',
  503: 'It is overloaded or starting: try again in a minute.',
};

export interface PhoneOfStorm {
  readonly phone: Phone;
  readonly vendor: Vendor | undefined;
  readonly storm: Storm;
}

export function stormPhone({ phone, vendor, storm }: PhoneOfStorm): StormPhone {
  const { mac, listed, identity, address } = phone;
  const target = storm.targets.get(mac);
  const outcome = target?.outcome;
  const end = outcome?.end ?? target?.end;
  return {
    mac: showMac(mac),
    label: listed?.label,
    vendor: vendor?.name,
    model: identity.model,
    address: address === undefined ? undefined : showIpv4(address),
    verdict: outcome?.verdict,
    sentence: outcome === undefined ? onTheWay(target?.state) : outcomeSentence(outcome, storm.plan.patience),
    advice: outcome === undefined ? undefined : adviceOn(outcome, vendor),
    status: end?.kind === 'answered' ? end.status : undefined,
    wokenAt: target === undefined || target.times === 0 ? undefined : target.wokenAt,
    times: target?.times ?? 0,
    afterMs: outcome?.afterMs,
  };
}

function onTheWay(state: string | undefined): string {
  if (state === 'watching') return 'answered; has not fetched yet';
  return state === 'waiting' ? 'not woken yet' : 'woken; has not answered yet';
}

export function stormLine(storm: Storm): StormLine {
  const { plan, mode, targets } = storm;
  const counts: Partial<Record<Verdict, number>> = {};
  let woken = 0;
  for (const { times, outcome } of targets.values()) {
    if (times > 0) woken += 1;
    if (outcome !== undefined) counts[outcome.verdict] = (counts[outcome.verdict] ?? 0) + 1;
  }
  const { id, madeAt, startAt, perSecond, patience, manner } = plan;
  const line = { id, what: manner.what, mode, madeAt, startAt, phones: targets.size, woken };
  const whole = { ...line, finished: storm.finished, counts, perSecond, patience };
  return { ...whole, sentence: stormSentence(storm, whole) };
}

function stormSentence(
  storm: Storm,
  { mode, counts, phones, finished }: Omit<StormLine, 'sentence'>,
): string {
  const { plan } = storm;
  const parts = Object.entries(counts).map(([verdict, number]) => `${number} ${verdict}`);
  const { failed, of } = failedOf(storm);
  const so = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  switch (mode) {
    case 'running':
      return `${finished} of ${phones} have a verdict${so}`;
    case 'paused':
      return `paused with ${finished} of ${phones}${so}; go on with "unboxd storms resume ${plan.id}"`;
    case 'stopped':
      return `stopped, because ${failed} of ${of} failed (more than ${Math.round(plan.stopAt * 100)} %)${so}; look why, then "unboxd storms resume ${plan.id}"`;
    case 'cancelled':
      return `cancelled${so}`;
    case 'done':
      return `done${so}`;
  }
}
