// What the policy tests share: one question to the server, from message to decision, and the decision in a line.
import { showIpv4 } from '../../src/base/ipv4.ts';
import type { Client } from '../../src/dhcp/classes.ts';
import { createHabitReader, messageType } from '../../src/dhcp/clues.ts';
import type { DhcpDecision } from '../../src/dhcp/decision.ts';
import type { Lease, LeaseTable } from '../../src/dhcp/lease-table.ts';
import { createLeaseTable } from '../../src/dhcp/leases.ts';
import type { DhcpMessage } from '../../src/dhcp/packet.ts';
import { decideDhcp } from '../../src/dhcp/policy.ts';
import type { Reservation } from '../../src/dhcp/pools.ts';
import { createClientRecogniser } from '../../src/dhcp/recognise.ts';
import { questionOf } from '../../src/dhcp/request.ts';
import type { Peer } from '../../src/net/ports.ts';
import type { Vendor } from '../../src/phones/vendor.ts';
import type { ClientClass, DhcpSite, Provisioning, Scope } from '../../src/site/site.ts';
import type { Reason } from '../../src/timeline/reason.ts';
import { subnetAt } from '../net/watched.ts';
import { HOUR, ip, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';

export const T0 = 1_000_000;
export const URL = 'http://10.20.0.1/';
export const BROADCAST = '255.255.255.255:68';

export interface Scene {
  readonly dhcp?: Partial<DhcpSite>;
  readonly stored?: readonly Lease[];
  readonly list?: readonly Reservation[];
  /** Instead of a table of its own. */
  readonly leases?: LeaseTable;
  readonly now?: number;
  /** Default: a phone of the test vendor. */
  readonly client?: Client;
  readonly vendor?: Vendor;
  readonly provisioning?: Provisioning;
  readonly url?: string;
  readonly objection?: Reason;
  /** Fields of the message that `Said` does not have. */
  readonly frame?: Partial<DhcpMessage>;
  readonly from?: Peer;
}

/** A client that nobody knows. */
export const STRANGER: Client = {
  mac: phoneMac(1),
  identity: { by: 'nothing it has said so far', conflicts: [] },
};

/** A table for the settings of a scene. */
export function tableOf({ dhcp = {}, stored = [], list = [] }: Scene = {}): LeaseTable {
  return createLeaseTable(lanSite(dhcp), stored, list);
}

/** One question from message to decision; throws where the message is none. */
export function decide(what: Said, scene: Scene = {}): DhcpDecision {
  const { dhcp = {}, now = T0, frame = {}, from, objection } = scene;
  const lan = lanSite(dhcp);
  const asked = questionOf({ ...said(what), ...frame }, lan, from);
  if (!asked.ok) throw new Error(asked.error);
  const question = asked.value;
  const client = scene.client ?? { ...phoneOf(1), mac: question.mac };
  const recognise = createClientRecogniser({
    lan,
    provisioning: scene.provisioning ?? provisioning,
    catalogue: { vendors: [scene.vendor ?? vendor()] },
    urlFor: () => scene.url ?? URL,
  });
  const recognised = recognise(question, client, createHabitReader()(question.request));
  const leases = scene.leases ?? tableOf(scene);
  return decideDhcp({ ...recognised, question, lan, leases, objection, now });
}

/** The decision in a line: `ack 10.20.0.50 to 255.255.255.255:68`, `silence companion-mode`, `none`. */
export function told({ answer }: DhcpDecision): string {
  if (answer.kind === 'none') return 'none';
  if (answer.kind === 'silence') return `silence ${answer.because}`;
  const { yiaddr, options } = answer.reply;
  const to = `${showIpv4(answer.to.address)}:${answer.to.port}`;
  return `${messageType(options) ?? 'bootp'} ${showIpv4(yiaddr)} to ${to}`;
}

export function replyOf({ answer }: DhcpDecision): DhcpMessage {
  if (answer.kind !== 'reply') throw new Error(`no reply but ${JSON.stringify(answer)}`);
  return answer.reply;
}

export const kinds = ({ events }: DhcpDecision): readonly string[] => events.map(({ kind }) => kind);

/** A lease of phone number so-and-so; of an hour from now, and of a recognised phone, unless it is said otherwise. */
export function lease(address: string, number: number, changes: Partial<Lease> = {}): Lease {
  const standing = 'recognised';
  return {
    ...{ address: ip(address), client: phoneMac(number), state: 'bound', expires: T0 + HOUR, standing },
    ...changes,
  };
}

/** A class that says nothing but what the test is about. */
export function classNamed(name: string, changes: Partial<ClientClass> = {}): ClientClass {
  return { name, when: {}, answer: 'always', options: {}, force: [], suppress: [], ...changes };
}

/** A subnet behind a relay: `10.30.0.0/24` has the pool 10.30.0.50 to .59 and the router 10.30.0.254. */
export function relayedSubnet(subnet: string, changes: Partial<Scope> = {}): Scope {
  const at = (last: number): string => subnet.replace(/\.0\/\d+$/, `.${last}`);
  return {
    subnet: subnetAt(subnet),
    pool: { first: ip(at(50)), last: ip(at(59)) },
    lease: HOUR,
    router: ip(at(254)),
    ...{ dns: [], ntp: [], options: {}, force: [], suppress: [] },
    ...changes,
  };
}
