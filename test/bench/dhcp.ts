// DHCP: whole exchanges (DISCOVER, OFFER, REQUEST, ACK) at given rates, from a relay inside the served subnet.
import { PHONES, SERVER } from './ground.ts';
import { type Bench, type Load, measureOnce, missing, type Outcome, type Row } from './measure.ts';
import { shown } from './numbers.ts';

const RATES = [500, 2000, 5000];
const SECONDS = 2;
/** Fewer than the pool has addresses; perfdhcp draws from them, so that few come twice. */
const CLIENTS = 60_000;
/** Bisection: where it starts, how often it halves, for how long each rate is held. */
const LOWEST = 1000;
const HIGHEST = 32_000;
const STEPS = 5;
const STEP_SECONDS = 2;
const TOLERATED = 1;

export const needs = (): string | undefined => missing('perfdhcp', 'kea-admin');

export function dhcpLoads(bench: Bench): readonly Load[] {
  return RATES.map((rate) => loadAt(bench, rate, SECONDS));
}

function loadAt(bench: Bench, rate: number, seconds: number): Load {
  return { name: `${rate}/s for ${seconds} s`, run: async () => await load(bench, rate, seconds) };
}

async function load({ ground }: Bench, rate: number, seconds: number): Promise<Outcome> {
  // The wait at the end lets the last answers in; what is out for more than a second counts as dropped.
  const argv = ['perfdhcp', '-4', '-r', `${rate}`, '-R', `${CLIENTS}`, '-p', `${seconds}`, '-W', '1000000'];
  const { output } = await ground.load([...argv, '-l', PHONES, SERVER], (seconds + 10) * 1000);
  return readReport(output, rate * seconds);
}

/** The report of perfdhcp names the same things for both halves of the exchange. */
function readReport(output: string, wanted: number): Outcome {
  const [, offers = '', acks = ''] = output.split(/\*\*\*Statistics for: [A-Z-]+\*\*\*/);
  const number = (part: string, name: string): number => {
    return Number(new RegExp(`^${name}: ([\\d.]+)`, 'm').exec(part)?.[1] ?? Number.NaN);
  };
  const sent = number(offers, 'sent packets');
  if (Number.isNaN(sent)) throw new Error(`perfdhcp gave no report:\n${output.slice(-1000)}`);
  const bound = number(acks, 'received packets');
  return {
    done: bound,
    figures: {
      begun: sent,
      bound,
      'lost %': sent === 0 ? Number.NaN : (100 * (sent - bound)) / sent,
      'OFFER ms': number(offers, 'avg delay'),
      'ACK ms': number(acks, 'avg delay'),
      'max OFFER ms': number(offers, 'max delay'),
      'max ACK ms': number(acks, 'max delay'),
    },
    notes:
      sent < 0.9 * wanted ? [`perfdhcp began ${shown((100 * sent) / wanted)} % of what it was asked to`] : [],
  };
}

/** The highest rate with less than 1 % lost, each rate tried once on a fresh daemon. */
export async function highestRate(bench: Bench): Promise<Row> {
  let low = LOWEST;
  let high = HIGHEST;
  let best: Outcome | undefined;
  for (let step = 0; step < STEPS; step += 1) {
    const rate = Math.round(Math.sqrt(low * high));
    bench.say(`highest rate with < ${TOLERATED} % lost: trying ${rate}/s`);
    const outcome = await measureOnce(bench, loadAt(bench, rate, STEP_SECONDS));
    if (outcome === undefined) break;
    const { begun = 0, 'lost %': lost = 100 } = outcome.figures;
    // What the sender does not manage proves nothing about the daemon, but is no rate to report.
    const held = lost < TOLERATED && begun >= 0.9 * rate * STEP_SECONDS;
    if (held) {
      low = rate;
      best = outcome;
    } else high = rate;
  }
  const notes = best === undefined ? [`no rate from ${LOWEST}/s on held`] : (best.notes ?? []);
  const name = best === undefined ? 'highest' : `highest: ${low}/s for ${STEP_SECONDS} s`;
  return { load: name, figures: best?.figures ?? {}, notes };
}
