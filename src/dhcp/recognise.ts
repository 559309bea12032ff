// From a question to all that decides its answer: the client, its class, its standing and what there is for it.
import type { Identity } from '../phones/phone.ts';
import { type Catalogue, vendorOf } from '../phones/vendor.ts';
import type { ClientClass, LanSite, Provisioning } from '../site/site.ts';
import { type Client, classOf } from './classes.ts';
import type { Habits } from './clues.ts';
import type { Standing } from './limits.ts';
import { makeOffer, type Offer } from './offer.ts';
import type { Question } from './request.ts';

export interface Recognised {
  readonly client: Client;
  readonly habits: Habits;
  readonly class: ClientClass | undefined;
  readonly standing: Standing;
  readonly offer: Offer;
}

export interface RecogniserParts {
  readonly lan: LanSite;
  readonly provisioning: Provisioning;
  readonly catalogue: Catalogue;
  /** The provisioning URL in the form of the client's vendor. */
  readonly urlFor: (client: Client) => string | undefined;
}

/** Works out class, standing and offer of a client. */
export type Recognise = (question: Question, client: Client, habits: Habits) => Recognised;

/**
 * Ways in which clients differ that are remembered at a time: more than makes and models in a room. Each holds some 8 kB,
 * and every boot of a phone that says more at each door leaves one behind that is not met again.
 */
const MOST_KINDS = 500;

/**
 * Makes a recogniser. Offers that hold for all clients of a kind are worked out once: phones of a model share identity
 * and habits, and a room is full of them.
 */
export function createClientRecogniser(parts: RecogniserParts): Recognise {
  const { lan, provisioning, catalogue, urlFor } = parts;
  const { classes } = lan.dhcp;
  const kinds = new Map<Identity, Map<Habits, Map<unknown, Offer>>>();

  const offersOf = (identity: Identity, habits: Habits): Map<unknown, Offer> => {
    let byHabits = kinds.get(identity);
    if (byHabits === undefined) {
      if (kinds.size >= MOST_KINDS) kinds.clear();
      byHabits = new Map();
      kinds.set(identity, byHabits);
    }
    let offers = byHabits.get(habits);
    if (offers === undefined) {
      if (byHabits.size >= MOST_KINDS) byHabits.clear();
      offers = new Map();
      byHabits.set(habits, offers);
    }
    return offers;
  };

  const offerFor = (
    { scope }: Question,
    client: Client,
    habits: Habits,
    group: ClientClass | undefined,
  ): Offer => {
    const offers = offersOf(client.identity, habits);
    // A class has its say in every subnet: only where there is one subnet it stands for the offer.
    const key = group === undefined ? scope : lan.dhcp.relayed.length === 0 ? group : undefined;
    const known = key === undefined ? undefined : offers.get(key);
    if (known !== undefined) return known;
    const vendor = vendorOf(catalogue, client.identity.vendor);
    const url = urlFor(client);
    const offer = makeOffer({ lan, scope, provisioning, vendor, class: group, client, habits, url });
    if (key !== undefined && !offer.isPersonal) offers.set(key, offer);
    return offer;
  };

  return (question, client, habits) => {
    const { relay, scope } = question;
    const group = classes.length === 0 ? undefined : classOf(classes, { client, habits, relay, scope });
    const offer = offerFor(question, client, habits, group);
    return { client, habits, class: group, standing: standingOf(client, group), offer };
  };
}

function standingOf({ listed, identity }: Client, group: ClientClass | undefined): Standing {
  if (listed !== undefined) return 'listed';
  return identity.vendor !== undefined || group !== undefined ? 'recognised' : 'stranger';
}
