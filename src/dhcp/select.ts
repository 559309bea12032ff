// Which of a client's options one reply carries, and in which order.
import type { OfferedOption, OfferedOptions } from './offer.ts';

/** What a reply to such a question carries. */
export interface Selection {
  /** In wire order. */
  readonly options: readonly OfferedOption[];
  /** The URL among them. */
  readonly url: string | undefined;
  /** The options that carry the URL and that the client asks for: from these it can learn it. */
  readonly urlOptions: readonly number[];
}

const MASK = 1;
const LEASE_TIME = 51;
const SERVER_ID = 54;
const TIMES = [58, 59] as const;

/** Made once for each way of asking: phones of a model ask alike. */
const made = new WeakMap<OfferedOptions, Map<readonly number[] | undefined, Selection>>();
const MOST_WAYS = 50;

/**
 * What one reply carries, in wire order, which is also the order of worth when room is short. First what no lease can
 * do without; the mask goes before the router (RFC 2132 section 3.3). Then what is forced, then what the client asks
 * for, in its order (RFC 2132 section 9.8). T1 and T2 end the list: a client knows them by itself. A client without
 * a parameter request list gets everything.
 */
export function selectOptions(offered: OfferedOptions, asked: readonly number[] | undefined): Selection {
  const ways = made.get(offered) ?? new Map<readonly number[] | undefined, Selection>();
  const known = ways.get(asked);
  if (known !== undefined) return known;
  const forced = [...offered.values()].filter((option) => option.forced).map(({ code }) => code);
  const wanted = asked ?? [...offered.keys()];
  const first = forced.filter((code) => !wanted.includes(code));
  const codes = new Set([SERVER_ID, LEASE_TIME, MASK, ...first, ...wanted, ...TIMES]);
  const options = [...codes].flatMap((code) => offered.get(code) ?? []);
  const selection = {
    options,
    url: options.find((option) => option.url !== undefined)?.url,
    urlOptions: [...new Set(wanted)].filter((code) => offered.get(code)?.url !== undefined),
  };
  if (ways.size >= MOST_WAYS) ways.clear();
  ways.set(asked, selection);
  made.set(offered, ways);
  return selection;
}
