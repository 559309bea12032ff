// The DHCP side of the local API: what a message would get, and leases that come from another server.
import { fromLatin1, toHex } from '../base/bytes.ts';
import { optionName } from '../base/dhcp-options.ts';
import { type Ipv4, parseIpv4, showIpv4 } from '../base/ipv4.ts';
import { parseMac, showMac } from '../base/mac.ts';
import type { World } from '../base/world.ts';
import type { Choice } from '../dhcp/choose.ts';
import { conditionsInWords } from '../dhcp/classes.ts';
import { type DryRun, type DryRunParts, dryRun } from '../dhcp/dry-run.ts';
import type { Lease, LeaseChange } from '../dhcp/lease-table.ts';
import { bind, confirm } from '../dhcp/leases.ts';
import type { OfferedOption } from '../dhcp/offer.ts';
import { isHost, scopesOf } from '../dhcp/request.ts';
import { CLUE_NAME, type Clue } from '../phones/clues.ts';
import type { Score } from '../phones/identify.ts';
import type { Register } from '../phones/register.ts';
import { admitHolder } from '../phones/renew.ts';
import { vendorOf } from '../phones/vendor.ts';
import type { Reason } from '../timeline/reason.ts';
import { becauseOf } from '../timeline/reason.ts';
import type {
  Appliance,
  DhcpExplanation,
  ExplainedOption,
  ImportedLease,
  ImportResult,
  VendorScore,
} from './api.ts';

export interface DhcpDeskParts extends Omit<DryRunParts, 'now' | 'objection'> {
  readonly objection: () => Reason | undefined;
  readonly commit: (changes: readonly LeaseChange[]) => Promise<void>;
  /** The LAN and the leases that an address is of, where there are several. */
  readonly placeOf?: ((address: Ipv4) => Pick<DryRunParts, 'lan' | 'leases'> | undefined) | undefined;
  readonly world: World;
}

/** Both are given to the appliance, which the API asks. */
export function createDhcpDesk(parts: DhcpDeskParts): Pick<Appliance, 'explainDhcp' | 'importLeases'> {
  return {
    explainDhcp: ({ hex }) => {
      const found = dryRun(Buffer.from(hex, 'hex'), {
        ...parts,
        objection: parts.objection(),
        now: parts.world.now(),
      });
      if (found.ok) return explanation(parts, found.value);
      const { error } = found;
      if (typeof error === 'string') return `it would get no answer, because ${becauseOf(error)}`;
      return `these bytes are no DHCP message: ${error.message}`;
    },
    importLeases: async (leases) => await importLeases(parts, leases),
  };
}

function explanation({ register }: DhcpDeskParts, run: DryRun): DhcpExplanation {
  const { question, recognised, choice, selection, reply } = run;
  const { client, class: group, offer, habits } = recognised;
  const sent = new Set(selection.options.map(({ code }) => code));
  const asks = habits.asks ?? [];
  return {
    mac: question.mac === undefined ? question.client : showMac(question.mac),
    type: question.type,
    vendor: vendorOf(register.catalogue, client.identity.vendor)?.name,
    model: client.identity.model,
    class: group === undefined ? undefined : { name: group.name, because: conditionsInWords(group) },
    scores: run.scores.map(scoreLine),
    outcome: outcomeOf(run),
    address: choice.ok && choice.value !== undefined ? showIpv4(choice.value.address) : undefined,
    options: selection.options.map((option) => explained(option, habits.asks)),
    notAsked: [...offer.options.values()]
      .filter(({ code }) => !sent.has(code))
      .map((option) => explained(option, habits.asks)),
    notThere: asks.filter((code) => !offer.options.has(code)).map((code) => `${code} ${optionName(code)}`),
    hex: reply === undefined ? undefined : toHex(reply),
  };
}

const HOW: Readonly<Record<Choice['because'], string>> = {
  reserved: 'which is reserved for it',
  'offered before': 'as before',
  'its lease': 'which it holds or held last',
  'asked for': 'which it asks for and which is free',
  free: 'the next free one',
};

function outcomeOf({ choice, question }: DryRun): string {
  if (!choice.ok) return `would get no answer, because ${becauseOf(choice.error)}`;
  if (choice.value === undefined) return 'would be told the options and no address';
  const { address, because } = choice.value;
  const verb = question.type === 'discover' ? 'offered' : 'given';
  return `would be ${verb} ${showIpv4(address)}, ${HOW[because]}`;
}

function explained(option: OfferedOption, asks: readonly number[] | undefined): ExplainedOption {
  const { code, text, bytes, from } = option;
  return { code, name: optionName(code), text, hex: toHex(bytes), from, asked: asks?.includes(code) };
}

function scoreLine({ vendor, score, clues }: Score): VendorScore {
  return {
    vendor: vendor.name,
    score,
    reasons: clues.map(({ clue, weight }) => `${CLUE_NAME[clue.kind]} ${said(clue)} (+${weight})`),
  };
}

/** What the clue says, in short. Whoever shows it makes it safe for the terminal. */
function said(clue: Clue): string {
  switch (clue.kind) {
    case 'oui':
      return clue.oui;
    case 'option-55':
      return clue.codes.join(',');
    case 'option-77':
      return clue.classes.join(', ');
    case 'enterprise':
      return clue.numbers.join(', ');
    case 'listed':
    case 'pnp-event':
      return [clue.vendor, clue.model].filter((part) => part !== undefined).join(' ');
    case 'option-60':
      return /^[\x20-\x7e]*$/.test(clue.text) ? clue.text : toHex(fromLatin1(clue.text));
    case 'user-agent':
    case 'file-name':
    case 'hostname':
      return clue.text;
  }
}

/** Takes over what another server gave: its clients keep their addresses. Stored at once or not at all. */
async function importLeases(parts: DhcpDeskParts, list: readonly ImportedLease[]): Promise<ImportResult> {
  const changes: LeaseChange[] = [];
  const skipped: { address: string; mac: string; because: string }[] = [];
  for (const lease of list) {
    const taken = take(parts, lease);
    if (typeof taken === 'string') skipped.push({ address: lease.address, mac: lease.mac, because: taken });
    else changes.push(...taken);
  }
  await parts.commit(changes);
  for (const change of changes)
    if (change.kind === 'bound') confirm(placeOf(parts, change.lease.address).leases, [change]);
  for (const change of changes) if (change.kind === 'bound') admit(parts.register, change.lease);
  return { taken: list.length - skipped.length, skipped };
}

/** From now on that phone is known to be there: files and wake-ups need not wait until it renews. */
function admit(register: Register, { client, mac = parseMac(client), address }: Lease): void {
  if (mac !== undefined) admitHolder(register, mac, address);
}

function placeOf(parts: DhcpDeskParts, address: Ipv4): Pick<DryRunParts, 'lan' | 'leases'> {
  return parts.placeOf?.(address) ?? parts;
}

function take(parts: DhcpDeskParts, lease: ImportedLease): readonly LeaseChange[] | string {
  const { world } = parts;
  const address = parseIpv4(lease.address);
  const mac = parseMac(lease.mac);
  const now = world.now();
  if (address === undefined) return `${lease.address} is no IPv4 address`;
  if (mac === undefined) return `${lease.mac} is no MAC`;
  if (lease.expires <= now) return 'it has ended';
  const { lan, leases } = placeOf(parts, address);
  const scope = scopesOf(lan).find((each) => isHost(each, address));
  if (scope === undefined) return becauseOf('address-of-another-subnet');
  const bound = bind(leases, {
    ...{ client: mac, aliases: [mac], mac, address, scope, now },
    // Whoever imports a lease answers for its holder.
    standing: leases.listed.has(mac) ? 'listed' : 'recognised',
    strangersShare: lan.dhcp.strangers.share,
    duration: lease.expires - now,
  });
  return bound.ok ? bound.value.changes : becauseOf(bound.error);
}
