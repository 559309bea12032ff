// What readers see of phones: lines, stories and explanations, made from register, timeline and vendor data.
import { toHex } from '../base/bytes.ts';
import { optionName } from '../base/dhcp-options.ts';
import { ipv4FromNumber, showIpv4 } from '../base/ipv4.ts';
import { parseMac, showMac } from '../base/mac.ts';
import type { Millis } from '../base/world.ts';
import type { OfferedOptions } from '../dhcp/offer.ts';
import type { ExplainedFile as FileOnDesk } from '../files/serve.ts';
import type { Phone } from '../phones/phone.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { LanSite } from '../site/site.ts';
import { lineOf } from '../timeline/diagnosis.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import type { Progress } from '../timeline/progress.ts';
import { becauseOf } from '../timeline/reason.ts';
import { sentence } from '../timeline/sentence.ts';
import type { ExplainedFile, Explanation, PhoneLine, StoryLine } from './api.ts';

/** How long a phone of unknown make may say nothing, ms. */
const DEFAULT_SILENCE = 180_000;

export interface LineCase {
  readonly phone: Phone;
  readonly vendor: Vendor | undefined;
  readonly progress: Progress | undefined;
  /** SHA-256 of its own file as it would be served now. */
  readonly wanted: string | undefined;
  readonly now: Millis;
}

export function phoneLine({ phone, vendor, progress, wanted, now }: LineCase): PhoneLine {
  const { identity, listed } = phone;
  const habits = vendor && { name: vendor.name, obeys: vendor.dhcp.obeys, asksByPnp: vendor.pnp.asks };
  const line = lineOf({ progress, now, silence: vendor?.silence ?? DEFAULT_SILENCE, wanted, vendor: habits });
  return {
    mac: showMac(phone.mac),
    vendor: vendor?.name,
    model: identity.model,
    firmware: identity.firmware,
    label: listed?.label,
    extension: listed?.extension,
    listed: listed !== undefined,
    address: phone.address === undefined ? undefined : showIpv4(phone.address),
    lastSeen: phone.lastSeen,
    ...line,
  };
}

export function storyLine(event: PhoneEvent): StoryLine {
  const { at, kind } = event;
  return { at, kind, sentence: sentence(event), event: plain(event) };
}

/** Addresses and MACs as people write them, for machines that read the JSON. */
function plain(event: PhoneEvent): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, PLAIN[key]?.(value) ?? value]));
}

const PLAIN: Readonly<Record<string, (value: unknown) => unknown>> = {
  mac: asMac,
  by: asMac,
  hardware: asMac,
  caught: (value) => (Array.isArray(value) ? value.map(asMac) : undefined),
  address: asAddress,
  server: asAddress,
};

function asMac(value: unknown): string | undefined {
  const mac = typeof value === 'string' ? parseMac(value) : undefined;
  return mac && showMac(mac);
}

function asAddress(value: unknown): string | undefined {
  return typeof value === 'number' ? showIpv4(ipv4FromNumber(value)) : undefined;
}

export interface ExplainCase {
  readonly phone: Phone;
  readonly vendor: Vendor | undefined;
  readonly url: string | undefined;
  readonly offered: OfferedOptions;
  /** The LAN it is on. */
  readonly lan: Pick<LanSite, 'interface' | 'address'>;
  /** Option 55 as it was last seen. */
  readonly asked: readonly number[] | undefined;
  readonly files: readonly FileOnDesk[];
  readonly pnpAnswers: boolean;
}

export function explanation(found: ExplainCase): Explanation {
  const { phone, vendor, url, offered, lan, asked, files, pnpAnswers } = found;
  return {
    mac: showMac(phone.mac),
    vendor: vendor?.name,
    model: phone.identity.model,
    by: phone.identity.by,
    conflicts: phone.identity.conflicts,
    listed: phone.listed !== undefined,
    lan: `${lan.interface} (${showIpv4(lan.address)})`,
    url,
    pnp: pnpSentence(vendor, url, pnpAnswers),
    options: [...offered.values()].map(({ code, bytes, text, from }) => ({
      code,
      name: optionName(code),
      text,
      hex: toHex(bytes),
      from,
      asked: asked?.includes(code),
    })),
    files: files.map(explainedFile),
    wake:
      vendor === undefined
        ? []
        : [vendor.wake.fetch, vendor.wake.reboot].map(({ event, effect }) => `${event}: ${effect}`),
  };
}

function explainedFile({ name, role, gets }: FileOnDesk): ExplainedFile {
  if (gets.kind === 'file') {
    return { name, role, gets: gets.origin, bytes: gets.content.length, digest: gets.digest };
  }
  const detail = gets.detail === undefined ? '' : ` (${gets.detail})`;
  return { name, role, gets: 'refused', because: `${becauseOf(gets.because)}${detail}` };
}

function pnpSentence(vendor: Vendor | undefined, url: string | undefined, answers: boolean): string {
  if (url === undefined) return 'no answer: there is nothing to serve for this phone';
  if (!answers) return 'no answer: PnP is off or set to discover only';
  if (vendor?.pnp.asks === false)
    return `phones of ${vendor.name} do not ask by PnP; one that did would be told the URL`;
  return 'told the URL when it asks';
}
