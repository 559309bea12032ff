// What a message would get, without giving it: for the installer who asks why.
import type { WireError } from '../base/bytes.ts';
import { ANY, type Ipv4 } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Millis } from '../base/world.ts';
import { identify, type Score, scoresOf } from '../phones/identify.ts';
import { newcomerClues, type Register } from '../phones/register.ts';
import type { LanSite, Provisioning } from '../site/site.ts';
import type { Reason } from '../timeline/reason.ts';
import { type Choice, choose } from './choose.ts';
import type { Client } from './classes.ts';
import { createHabitReader, maxMessageSize, requestedAddress } from './clues.ts';
import { claimOf, type DhcpCase } from './decision.ts';
import type { LeaseTable } from './lease-table.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { createClientRecogniser, type Recognised } from './recognise.ts';
import { replyTo } from './reply.ts';
import { type Question, questionOf } from './request.ts';
import { type Selection, selectOptions } from './select.ts';

export interface DryRunParts {
  readonly lan: LanSite;
  readonly provisioning: Provisioning;
  readonly register: Register;
  readonly leases: LeaseTable;
  readonly objection: Reason | undefined;
  readonly urlFor: (client: Client) => string | undefined;
  readonly now: Millis;
}

export interface DryRun {
  readonly question: Question;
  readonly recognised: Recognised;
  readonly scores: readonly Score[];
  /** The address it would be offered, or why none. Informing needs none. */
  readonly choice: Result<Choice | undefined, Reason>;
  readonly selection: Selection;
  /** The reply as it would go out; absent where there is none. */
  readonly reply: Uint8Array | undefined;
}

/** Works out the answer to a message as if it came now. Errors: bytes that are no message, or one that gets no answer. */
export function dryRun(bytes: Uint8Array, parts: DryRunParts): Result<DryRun, WireError | Reason> {
  const { lan, provisioning, register, leases, now } = parts;
  const { catalogue } = register;
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return decoded;
  const asked = questionOf(decoded.value, lan);
  if (!asked.ok) return asked;
  const question = asked.value;
  const { mac } = question;
  const habits = createHabitReader(1)(question.request);
  const known = mac === undefined ? undefined : register.phones.get(mac);
  const clues =
    mac === undefined
      ? habits.clues
      : [...newcomerClues(mac, [...(known?.clues.values() ?? []), ...habits.clues])];
  const client: Client = { mac, listed: known?.listed, identity: identify(catalogue, clues) };
  const { urlFor } = parts;
  const recognised = createClientRecogniser({ lan, provisioning, catalogue, urlFor })(
    question,
    client,
    habits,
  );
  const dhcpCase: DhcpCase = { ...recognised, question, lan, leases, now, objection: parts.objection };
  const choice = choiceFor(dhcpCase);
  return ok({
    question,
    recognised,
    scores: scoresOf(catalogue, clues),
    choice,
    selection: selectOptions(recognised.offer.options, habits.asks),
    reply: choice.ok ? replyBytes(dhcpCase, choice.value?.address) : undefined,
  });
}

function choiceFor(dhcpCase: DhcpCase): Result<Choice | undefined, Reason> {
  const { question, lan, leases, objection, class: group } = dhcpCase;
  if (group?.answer === 'never') return err('class-gets-nothing');
  if (question.type === 'inform') return ok(undefined);
  if (lan.dhcp.mode !== 'full') return err('companion-mode');
  if (objection !== undefined) return err(objection);
  const requested = requestedAddress(question.request.options);
  return choose(leases, claimOf(dhcpCase, ANY, { requested }));
}

function replyBytes({ question, offer, habits }: DhcpCase, address: Ipv4 | undefined): Uint8Array {
  const seconds = address === undefined ? undefined : Math.floor(offer.lease / 1000);
  const type = question.type === 'discover' ? 'offer' : question.type === 'bootp' ? 'bootp' : 'ack';
  const { reply } = replyTo(question, { type, yiaddr: address ?? ANY, seconds, offer, asks: habits.asks });
  return encodePacket(reply, { maxLength: maxMessageSize(question.request.options) }).bytes;
}
