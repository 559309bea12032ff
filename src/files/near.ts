// What was odd about a name, in words that help: upper case, other zeros, placeholders that a phone did not fill in.
import type { Mac } from '../base/mac.ts';
import { type Model, modelOf, type Vendor } from '../phones/vendor.ts';
import type { FileRole } from '../timeline/event.ts';
import type { Asker } from './desk.ts';

/** `$MAC`, `$MA`, `$PN` of phones that fill in URLs, and our own `{mac}`: for phones that do not fill them in. */
const PLACEHOLDER = /\$(MAU|MAC|MA|PSN|PN)(?![a-z])|\{(mac|model)\}/gi;

/** The name with what the phone should have filled in, or undefined where it filled in everything. */
export function filledIn(name: string, phone: Asker, vendor: Vendor | undefined): string | undefined {
  if (!/[${]/.test(name)) return undefined;
  const model = vendor && modelOf(vendor, phone.identity.model);
  const filled = name.replaceAll(PLACEHOLDER, (whole, macro: string | undefined, own: string | undefined) => {
    return fillingOf((macro ?? own ?? '').toUpperCase(), phone.mac, model) ?? whole;
  });
  return filled === name ? undefined : filled;
}

function fillingOf(macro: string, mac: Mac, model: Model | undefined): string | undefined {
  if (macro === 'PN' || macro === 'MODEL') return model?.name;
  if (macro === 'PSN') return model?.tokens['psn'] ?? model?.name;
  return macro === 'MAU' ? mac.toUpperCase() : mac;
}

/** What differs between the asked name and the one its phone's file has, as a sentence's end. */
export function nearMiss(asked: string, own: string, role: FileRole): string | undefined {
  const [last, wanted] = [lastPart(asked), lastPart(own)];
  if (last === wanted) return undefined;
  const whose = role === 'own' ? "this phone's file" : 'the file';
  if (last.toLowerCase() === wanted.toLowerCase())
    return `asked ${last} in ${caseOf(last)}; ${whose} is ${wanted}: served`;
  return `asked ${last}; ${whose} is ${wanted}: served`;
}

function caseOf(name: string): string {
  return name === name.toUpperCase() || /[A-F]/.test(name) ? 'upper case' : 'another case';
}

/** "one digit differs from its own": a slip of the pen in a list or at the phone. */
export function macSlip(named: Mac, own: Mac): string | undefined {
  const differing = [...named].filter((digit, index) => digit !== own[index]).length;
  return differing === 1 ? `one digit differs from its own, ${own}: a slip of the pen?` : undefined;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
