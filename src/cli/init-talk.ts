// The questions of `unboxd init`. Each has a proposal; flags answer before they are asked, and --yes takes every proposal.
import { access } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { showIpv4 } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  type Answers,
  bestCandidate,
  type Candidate,
  type ProposedLan,
  parsePool,
  proposeLan,
  showPool,
} from '../care/proposal.ts';
import type { Stranger } from '../care/survey.ts';
import type { DhcpMode } from '../site/site.ts';
import { type Flags, type Terminal, textFlag, UsageError } from './command.ts';
import { table } from './table.ts';

/** What `init` finds out about the machine; tests have their own. */
export interface InitGround {
  readonly candidates: () => Promise<readonly Candidate[]>;
  /** Who serves on that interface, or why nobody could be looked for. */
  readonly look: (name: string) => Promise<readonly Stranger[] | string>;
  /** Ids of the vendor files. */
  readonly vendors: () => Promise<readonly string[]>;
  /** `2027-01-31`. */
  readonly today: () => string;
}

export interface Talk {
  readonly ground: InitGround;
  readonly flags: Flags;
  /** Absent with --yes. */
  readonly ask: Terminal['ask'];
  readonly terminal: Terminal;
  /** The folder of the settings. */
  readonly base: string;
}

export interface Settled {
  readonly answers: Answers;
  readonly lan: ProposedLan;
}

/** Asks what flags do not say. Throws a UsageError for what cannot be, and when the input ends. */
export async function converse(talk: Talk): Promise<Settled> {
  const { ground, terminal } = talk;
  const candidates = await ground.candidates();
  const chosen = await chooseInterface(talk, candidates);
  const lan = proposeLan(chosen, candidates);
  const { command } = lan;
  if (command !== undefined) {
    const proposed = `${showIpv4(lan.address)}/${lan.subnet.prefix}`;
    terminal.note(`${chosen.name} has no address that will do; proposed: ${proposed}`);
  }
  const mode = await chooseMode(talk, chosen);
  const pool = mode === 'full' ? await choosePool(talk, lan) : lan.pool;
  const pnp = await settle(talk, 'pnp', {
    question: 'Answer phones that ask by SIP PnP (provision, off)',
    proposal: 'provision',
    read: oneOf('provision', 'off'),
  });
  const unwanted = await chooseVendors(talk);
  const phones = await choosePhones(talk);
  const http = await choosePort(talk, 'http', '80');
  const https = await choosePort(talk, 'https', 'off');
  const tftp = await settle(talk, 'tftp', {
    question: 'TFTP (on, off)',
    proposal: 'on',
    read: oneOf('on', 'off'),
  });
  if (http === 'off' && https === 'off' && tftp === 'off') {
    throw new UsageError('with HTTP, HTTPS and TFTP off no phone can fetch anything');
  }
  const name = chosen.name;
  return { lan, answers: { interface: name, mode, pool, pnp, unwanted, phones, http, https, tftp, command } };
}

interface Question<Value> {
  readonly question: string;
  readonly proposal: string;
  /** The error is what is wrong, as a sentence. */
  readonly read: (text: string) => Result<Value, string> | Promise<Result<Value, string>>;
}

const TRIES = 3;

/** The flag of that name, or what the person says, or the proposal. */
async function settle<Value>(
  { flags, ask, terminal }: Talk,
  flag: string,
  { question, proposal, read }: Question<Value>,
): Promise<Value> {
  const given = textFlag(flags, flag) ?? (ask === undefined ? proposal : undefined);
  if (given !== undefined) {
    const value = await read(given);
    if (value.ok) return value.value;
    throw new UsageError(`--${flag} ${given}: ${value.error}`);
  }
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await ask?.(`${question} [${proposal}]: `);
    if (answer === undefined) throw new UsageError('stopped; nothing was written');
    const value = await read(answer.trim() === '' ? proposal : answer.trim());
    if (value.ok) return value.value;
    terminal.note(`  ${value.error}`);
  }
  throw new UsageError(`${TRIES} answers that cannot be; nothing was written`);
}

function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Result<Word, string> {
  return (text) => {
    const found = words.find((word) => word === text.toLowerCase());
    return found === undefined ? err(`write ${words.join(' or ')}`) : ok(found);
  };
}

async function chooseInterface(talk: Talk, candidates: readonly Candidate[]): Promise<Candidate> {
  const { terminal, ask, flags } = talk;
  if (candidates.length === 0) throw new UsageError('this machine has no interface that could be served');
  terminal.note('Interfaces of this machine:');
  for (const line of table(candidates.map(cellsOf), terminal.columns)) terminal.note(`  ${line}`);
  const best = bestCandidate(candidates);
  if (best === undefined && ask === undefined && textFlag(flags, 'interface') === undefined) {
    throw new UsageError('more than one interface could be the staging LAN: name it with --interface');
  }
  const named = (text: string): Result<Candidate, string> => {
    const found = candidates.find(({ name }) => name === text);
    const known = candidates.map(({ name }) => name).join(', ');
    return found === undefined ? err(`there is no interface ${text} (there is ${known})`) : ok(found);
  };
  return await settle(talk, 'interface', {
    question: 'Which is the staging LAN, into which the phones are plugged',
    proposal: best?.name ?? '',
    read: named,
  });
}

const LINK: Readonly<Record<Candidate['state'], string>> = { down: 'down', 'no-link': 'no link', up: 'up' };

function cellsOf({ name, state, address, prefix, isWayOut }: Candidate): readonly string[] {
  const where = address === undefined ? 'no address' : `${showIpv4(address)}/${prefix ?? 32}`;
  return [name, LINK[state], where, isWayOut ? 'the way to the Internet: mostly not the staging LAN' : ''];
}

async function chooseMode(talk: Talk, chosen: Candidate): Promise<DhcpMode> {
  const proposal = textFlag(talk.flags, 'mode') ?? (await proposedMode(talk, chosen));
  return await settle(talk, 'mode', {
    question: 'DHCP (full: give addresses, companion: beside the other server, off)',
    proposal,
    read: oneOf('full', 'companion', 'off'),
  });
}

/** Two servers that give addresses on one LAN are the worst that can be set up here. */
async function proposedMode(
  { ground, terminal }: Talk,
  { name, state, address }: Candidate,
): Promise<DhcpMode> {
  if (state !== 'up' || address === undefined) {
    terminal.note(`other DHCP servers were not looked for: ${name} has no link or no address yet`);
    return 'full';
  }
  terminal.note(`looking for other DHCP servers on ${name} ...`);
  const found = await ground.look(name);
  if (typeof found === 'string') {
    terminal.note(found);
    return 'full';
  }
  const others = found.map(({ who }) => who).join(', ');
  terminal.note(
    found.length === 0 ? `no other DHCP server answers on ${name}` : `another DHCP server answers: ${others}`,
  );
  return found.length === 0 ? 'full' : 'companion';
}

async function choosePool(talk: Talk, lan: ProposedLan): Promise<Answers['pool']> {
  return await settle(talk, 'pool', {
    question: 'Addresses for phones',
    proposal: showPool(lan.pool),
    read: (text) => parsePool(text, lan.subnet),
  });
}

/** Gives the makes that were not chosen. */
async function chooseVendors(talk: Talk): Promise<readonly string[]> {
  const known = await talk.ground.vendors();
  return await settle(talk, 'vendors', {
    question: `Makes of phones, with commas (${known.join(', ')})`,
    proposal: 'all',
    read: (text) => {
      const chosen = text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((word) => word !== '');
      if (chosen.includes('all')) return ok([]);
      const strange = chosen.filter((word) => !known.includes(word));
      if (strange.length > 0)
        return err(`there is no vendor ${strange.join(', ')} (known: ${known.join(', ')})`);
      return chosen.length === 0 ? err('name at least one') : ok(known.filter((id) => !chosen.includes(id)));
    },
  });
}

/** Gives the path as the settings have it: relative to their folder where it lies below that. */
async function choosePhones(talk: Talk): Promise<string | undefined> {
  return await settle(talk, 'phones', {
    question: 'Phone list (CSV; phones that are not listed are served all the same)',
    proposal: 'none',
    read: async (text): Promise<Result<string | undefined, string>> => {
      if (text === 'none') return ok(undefined);
      const path = resolve(text);
      const there = await access(path).then(
        () => true,
        () => false,
      );
      if (!there) return err(`there is no file ${text}`);
      const from = relative(talk.base, path);
      return ok(from.startsWith('..') ? path : from);
    },
  });
}

async function choosePort(talk: Talk, door: 'http' | 'https', proposal: string): Promise<number | 'off'> {
  return await settle(talk, door, {
    question: `${door.toUpperCase()} (a port, or off)`,
    proposal,
    read: (text): Result<number | 'off', string> => {
      if (text.toLowerCase() === 'off') return ok('off');
      const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
      return port >= 1 && port <= 65_535 ? ok(port) : err('write a port from 1 to 65535, or off');
    },
  });
}
