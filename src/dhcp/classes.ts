// Which class of the settings a client falls into, and by which of its conditions.
import { fromLatin1, toHex } from '../base/bytes.ts';
import { type Mac, ouiOf } from '../base/mac.ts';
import type { Identity, ListedPhone } from '../phones/phone.ts';
import type { ClassConditions, ClientClass, Scope } from '../site/site.ts';
import type { Habits, RelayInformation } from './clues.ts';

/** What is known of a client when its class is looked for. A phone of the register is one. */
export interface Client {
  readonly mac?: Mac | undefined;
  readonly listed?: ListedPhone | undefined;
  readonly identity: Identity;
}

export interface ClassCase {
  readonly client: Client;
  readonly habits: Habits;
  readonly relay: RelayInformation | undefined;
  readonly scope: Scope;
}

/** The first class all of whose conditions hold. */
export function classOf(classes: readonly ClientClass[], facts: ClassCase): ClientClass | undefined {
  return classes.find(({ when }) =>
    CONDITIONS.every(({ key, holds }) => when[key] === undefined || holds(when, facts)),
  );
}

/** The conditions of a class in words, for the installer who asks why. */
export function conditionsInWords({ when }: ClientClass): string {
  const words = CONDITIONS.filter(({ key }) => when[key] !== undefined).map(({ word }) => word);
  return words.length === 0 ? 'it means every client' : words.join(', ');
}

interface Condition {
  readonly key: keyof ClassConditions;
  readonly word: string;
  readonly holds: (when: ClassConditions, facts: ClassCase) => boolean;
}

const CONDITIONS: readonly Condition[] = [
  { key: 'vendor', word: 'its make', holds: ({ vendor }, { client }) => client.identity.vendor === vendor },
  { key: 'model', word: 'its model', holds: ({ model }, { client }) => fits(model, client.identity.model) },
  {
    key: 'listed',
    word: 'the phone list',
    holds: ({ listed }, { client }) => (client.listed !== undefined) === listed,
  },
  {
    key: 'ouis',
    word: 'its MAC',
    holds: ({ ouis }, { client }) => client.mac !== undefined && ouis?.includes(ouiOf(client.mac)) === true,
  },
  {
    key: 'option60',
    word: 'option 60',
    holds: ({ option60 }, { habits }) => fits(option60, habits.vendorClass),
  },
  {
    key: 'option60Hex',
    word: 'option 60',
    holds: ({ option60Hex = '' }, { habits }) =>
      toHex(fromLatin1(habits.vendorClass ?? '')).startsWith(option60Hex) && habits.vendorClass !== undefined,
  },
  {
    key: 'option77',
    word: 'option 77',
    holds: ({ option77 }, { habits }) => habits.userClass.some((each) => fits(option77, each)),
  },
  {
    key: 'asks',
    word: 'option 55',
    holds: ({ asks = [] }, { habits }) => asks.every((code) => habits.asks?.includes(code) === true),
  },
  {
    key: 'hostname',
    word: 'its host name',
    holds: ({ hostname }, { habits }) => fits(hostname, habits.hostname),
  },
  {
    key: 'enterprise',
    word: 'option 124 or 125',
    holds: ({ enterprise }, { habits }) => habits.enterprises.some((number) => number === enterprise),
  },
  {
    key: 'circuitId',
    word: 'its switch port',
    holds: ({ circuitId }, { relay }) => fits(circuitId, relay?.circuitId),
  },
  {
    key: 'remoteId',
    word: 'its switch',
    holds: ({ remoteId }, { relay }) => fits(remoteId, relay?.remoteId),
  },
  {
    key: 'subnet',
    word: 'its subnet',
    holds: ({ subnet }, { scope }) =>
      subnet?.network === scope.subnet.network && subnet.prefix === scope.subnet.prefix,
  },
];

function fits(pattern: RegExp | undefined, text: string | undefined): boolean {
  return text !== undefined && pattern?.test(text) === true;
}
