// Who takes part in a rehearsal: the phones of the list, and as many made-up ones as were asked for.

import { type Mac, ouiOf, parseMac, showMac } from '../base/mac.ts';
import { err, ok, type Result } from '../base/result.ts';
import { identify } from '../phones/identify.ts';
import type { ListedPhone } from '../phones/phone.ts';
import { type Catalogue, type Model, modelOf, type Vendor, vendorOf } from '../phones/vendor.ts';

export interface Actor {
  readonly mac: Mac;
  readonly vendor: Vendor;
  readonly model: Model;
  readonly label?: string | undefined;
  readonly listed: boolean;
}

export interface CastQuestion {
  readonly catalogue: Catalogue;
  readonly list: readonly ListedPhone[];
  /** How many; absent: the whole list. */
  readonly count?: number | undefined;
  /** Only phones of this make and model; made-up ones are such. */
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
}

export interface Cast {
  readonly actors: readonly Actor[];
  /** What is to be known of the choice, as sentences. */
  readonly notes: readonly string[];
}

/** Vendor files without a prefix get one that belongs to nobody (IEEE 802, locally administered). */
const NOBODYS = '02005e';

/** Those who take part, or what is wrong with the question. */
export function chooseCast(question: CastQuestion): Result<Cast, string> {
  const { catalogue, list, count } = question;
  const known = catalogue.vendors.map(({ id }) => id).join(', ');
  const wanted = wantedKind(question, known);
  if (!wanted.ok) return wanted;
  const { vendor, model } = wanted.value;

  const notes: string[] = [];
  const listed = list.flatMap((phone) => actorOf(catalogue, phone, { vendor, model }) ?? []);
  const strangers = list.filter((phone) => makerOf(catalogue, phone) === undefined).map(({ mac }) => mac);
  if (strangers.length > 0 && vendor === undefined)
    notes.push(
      `${namesOf(strangers)} of the list cannot be rehearsed: their vendor is neither written nor recognised`,
    );
  const actors = listed.slice(0, count);
  const missing = (count ?? actors.length) - actors.length;
  if (missing > 0 && vendor === undefined)
    return err(
      `the list has ${actors.length} phones: say what the others are with --vendor and --model (vendors: ${known})`,
    );
  if (actors.length + missing === 0)
    return err('no phone to rehearse: name a list with --from-list, or --phones, --vendor and --model');
  if (missing === 0 || vendor === undefined) return ok({ actors, notes });
  notes.push(
    `${missing} of the phones are made up: they are not on the list, and get what such a phone gets`,
  );
  return ok({ actors: [...actors, ...madeUp(vendor, model, missing, list)], notes });
}

interface Kind {
  readonly vendor: Vendor | undefined;
  readonly model: Model | undefined;
}

function wantedKind({ catalogue, ...said }: CastQuestion, known: string): Result<Kind, string> {
  const vendor = vendorOf(catalogue, said.vendor?.toLowerCase());
  if (said.vendor !== undefined && vendor === undefined)
    return err(`there is no vendor "${said.vendor}" (known: ${known})`);
  if (said.model !== undefined && vendor === undefined)
    return err('say the vendor of the model: --vendor NAME');
  const model = vendor && modelOf(vendor, said.model);
  if (said.model !== undefined && model === undefined)
    return err(`model "${said.model}" is not in the vendor file of ${vendor?.name ?? '?'}`);
  return ok({ vendor, model });
}

function actorOf(catalogue: Catalogue, phone: ListedPhone, wanted: Kind): Actor | undefined {
  const vendor = makerOf(catalogue, phone);
  if (vendor === undefined || (wanted.vendor !== undefined && wanted.vendor !== vendor)) return undefined;
  const model = modelOf(vendor, phone.model) ?? wanted.model ?? vendor.models[0];
  if (model === undefined || (wanted.model !== undefined && wanted.model !== model)) return undefined;
  return { mac: phone.mac, vendor, model, label: phone.label ?? phone.extension, listed: true };
}

function makerOf(catalogue: Catalogue, { vendor, mac }: ListedPhone): Vendor | undefined {
  return vendorOf(catalogue, vendor ?? identify(catalogue, [{ kind: 'oui', oui: ouiOf(mac) }]).vendor);
}

function madeUp(
  vendor: Vendor,
  model: Model | undefined,
  count: number,
  list: readonly ListedPhone[],
): readonly Actor[] {
  const taken = new Set<string>(list.map(({ mac }) => mac));
  const prefix = vendor.recognise.ouis[0] ?? NOBODYS;
  const actors: Actor[] = [];
  const is = model ?? vendor.models[0];
  for (let number = 0; actors.length < count && is !== undefined; number += 1) {
    const mac = parseMac(`${prefix}${number.toString(16).padStart(6, '0')}`);
    if (mac === undefined) break;
    if (!taken.has(mac)) actors.push({ mac, vendor, model: is, listed: false });
  }
  return actors;
}

/** Up to five, and how many more. */
export function namesOf(macs: readonly Mac[]): string {
  const first = macs.slice(0, 5).map(showMac).join(', ');
  return macs.length > 5 ? `${first} and ${macs.length - 5} more` : first;
}
