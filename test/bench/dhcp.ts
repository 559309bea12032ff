// DHCP by perfdhcp, a relay inside the served subnet: how many whole exchanges (DISCOVER, OFFER, REQUEST, ACK) begun
// per second a server holds, and how long it takes for each at half of that. Ours and its peers, one after another.
import { type DhcpServer, KEA, orNote, SERVERS } from './dhcp-servers.ts';
import { type Ground, PHONES, SERVER } from './ground.ts';
import { type Bench, type Load, measureOn, missing, type Outcome } from './measure.ts';
import { onCore, overflowsIn } from './programs.ts';

const CLIENTS = 10_000;
const MOST_SECONDS = 2;
/** Fewer than the pool has addresses; perfdhcp draws from them, so that few come twice. */
const DRAWN_FROM = 60_000;
/** Of a make that phones have, or ours takes them for strangers and cuts their leases. */
const FIRST_MAC = '00:15:65:10:00:00';
const WAIT_S = 1;
const TOLERATED_PERCENT = 1;
/** The loader, too, has to manage: to begin, and to read the answers. */
const BEGUN_SHARE = 0.9;
const UNREAD_PERCENT = 5;

/** Bisection: the rates between which it happens, and how often it halves. */
interface Bracket {
  readonly low: number;
  readonly high: number;
  readonly steps: number;
}

const WIDE: Bracket = { low: 60, high: 32_000, steps: 6 };
/** Around what the first round found. */
const AROUND = { factor: 1.6, steps: 3 };

export const needs = (): string | undefined => missing('perfdhcp', 'kea-admin');

export function dhcpLoads(bench: Bench): readonly Load[] {
  return SERVERS.filter((server) => server.needs() === undefined).map((server) => loadOf(bench, server));
}

function loadOf(bench: Bench, server: DhcpServer): Load {
  let earlier: number | undefined;
  const run = async (): Promise<Outcome> => {
    const near = earlier === undefined ? undefined : await search(bench, server, around(earlier));
    const highest = near ?? (await search(bench, server, WIDE));
    if (highest === undefined) {
      return { figures: {}, done: 0, notes: [`no rate from ${WIDE.low}/s on held`] };
    }
    earlier ??= highest;
    const half = Math.round(highest / 2);
    const outcome = await hold(bench, server, half);
    return { ...outcome, figures: { 'highest/s': highest, 'half of it': half, ...outcome.figures } };
  };
  return {
    name: server.name,
    startsServers: true,
    rival: KEA.name,
    run: async () => await orNote(server, run),
  };
}

function around(rate: number): Bracket {
  return { low: rate / AROUND.factor, high: rate * AROUND.factor, steps: AROUND.steps };
}

/** The highest rate that held, each tried once on a fresh server. */
async function search(bench: Bench, server: DhcpServer, bracket: Bracket): Promise<number | undefined> {
  let { low, high } = bracket;
  let best: number | undefined;
  for (let step = 0; step < bracket.steps; step += 1) {
    const rate = Math.round(Math.sqrt(low * high));
    bench.say(`${server.name}: highest rate with < ${TOLERATED_PERCENT} % lost: trying ${rate}/s`);
    const { figures } = await hold(bench, server, rate);
    const { 'begun/s': begun = 0, 'lost %': lost = 100, 'unread %': unread = 0 } = figures;
    // What the loader does not manage proves nothing about the server, but is no rate to report.
    if (lost < TOLERATED_PERCENT && begun >= BEGUN_SHARE * rate && unread < UNREAD_PERCENT) {
      low = rate;
      best = rate;
    } else high = rate;
  }
  return best;
}

async function hold({ ground }: Bench, server: DhcpServer, rate: number): Promise<Outcome> {
  const exchanges = Math.min(CLIENTS, rate * MOST_SECONDS);
  const clients = ['-R', `${DRAWN_FROM}`, '-b', `mac=${FIRST_MAC}`];
  // The wait at the end lets the last answers in; what is out for more than a second counts as dropped.
  const argv = ['perfdhcp', '-4', '-r', `${rate}`, '-n', `${exchanges}`, '-W', `${WAIT_S * 1_000_000}`];
  const daemon = await server.start(ground);
  return await measureOn(daemon, async () => {
    const load = onCore('loader', [...argv, ...clients, '-l', PHONES, SERVER]);
    const before = await unreadIn(ground);
    const { output } = await ground.load(load, 1000 * (MOST_SECONDS + 10));
    return readReport(output, (await unreadIn(ground)) - before, daemon.usage().overflowed);
  });
}

/** Answers that found the receive buffer of a loader full, since the network began. */
async function unreadIn(ground: Ground): Promise<number> {
  const { output } = await ground.load(['cat', '/proc/net/snmp'], 5000);
  return overflowsIn(output);
}

/** The report of perfdhcp names the same things for both halves of the exchange. */
function readReport(output: string, unread: number, overflowed: number): Outcome {
  const [head = '', offers = '', acks = ''] = output.split(/\*\*\*Statistics for: [A-Z-]+\*\*\*/);
  const number = (part: string, name: string): number => {
    return Number(new RegExp(`^${name}: ([\\d.]+)`, 'm').exec(part)?.[1] ?? Number.NaN);
  };
  const sent = number(offers, 'sent packets');
  if (Number.isNaN(sent)) throw new Error(`perfdhcp gave no report:\n${output.slice(-1000)}`);
  const bound = number(acks, 'received packets');
  // Its rate is that of the ACKs over the whole time, the wait included.
  const seconds = bound / number(head, 'Rate') - WAIT_S;
  return {
    done: bound,
    figures: {
      'begun/s': sent / seconds,
      // It sends nothing twice: an answer that it does not read is an exchange lost, but not by the server.
      'lost %': (100 * Math.max(0, sent - bound - unread)) / sent,
      'unread %': (100 * unread) / sent,
      'server full': overflowed,
      'OFFER ms': number(offers, 'avg delay'),
      'ACK ms': number(acks, 'avg delay'),
      'max OFFER ms': number(offers, 'max delay'),
      'max ACK ms': number(acks, 'max delay'),
    },
  };
}
