import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { showMac } from '../../base/mac.ts';
import { readYaml } from '../../base/yaml-text.ts';
import type { PhoneLine } from '../../control/api.ts';
import { openPress } from '../../control/render-offline.ts';
import { type Cast, chooseCast } from '../../rehearse/cast.ts';
import { type Performance, perform, STAGE_INTERFACE } from '../../rehearse/perform.ts';
import { groundFor, oneLan, rehearsalSettings, withPrefix } from '../../rehearse/settings.ts';
import { endingOf, groupsOf, type Rehearsed, summaryOf, verdictLines } from '../../rehearse/verdict.ts';
import { isOnLan } from '../../site/lans.ts';
import { type LoadedSite, type LoadRequest, loadSite } from '../../site/load.ts';
import { type Command, type Flags, type Terminal, textFlag, UsageError } from '../command.ts';
import { liveTable } from '../live.ts';
import { tellMistakes } from '../mistakes.ts';
import { tellStopped, unlessStopped } from '../stopped.ts';
import { countStages } from '../table.ts';
import { factsHere } from './serve.ts';

/** As many boot at the same time by default: a switch that is powered on. */
const AT_ONCE = 100;
const MOST_PHONES = 5_000;
/** More phones than this are counted instead of told one by one. */
const FEW = 25;

/** `unboxd rehearse`: simulated phones against the user's own settings, in a private network. */
export const rehearse: Command = {
  name: 'rehearse',
  summary: 'boot simulated phones against your own settings in a private network, before a box is opened',
  flags: [
    { flags: '--config <file>', what: 'settings (unboxd.yaml); without it all defaults hold' },
    {
      flags: '--interface <name>',
      what: 'the LAN to rehearse, where the settings have several (default: the first)',
    },
    { flags: '--from-list <csv>', what: 'the phone list, in the place of the one in the settings' },
    {
      flags: '--phones <count>',
      what: 'how many (default: the whole list); made up where the list has fewer',
    },
    { flags: '--vendor <name>', what: 'only phones of this make; made-up ones are such' },
    { flags: '--model <name>', what: 'only phones of this model; made-up ones are such' },
    {
      flags: '--loss <percent>',
      what: 'datagrams lost on the cable of each phone, both ways: 2% (default none)',
    },
    { flags: '--concurrency <count>', what: `how many boot at the same time (default ${AT_ONCE})` },
    { flags: '--json', what: 'for machines: one JSON object with every phone' },
  ],
  examples: [
    'unboxd rehearse --config /etc/unboxd/unboxd.yaml',
    'unboxd rehearse --config unboxd.yaml --phones 200 --vendor yealink --model T46S --loss 2%',
    'unboxd rehearse --from-list phones.csv --json',
  ],
  run: async ({ flags, terminal }) => {
    const wish = readWish(flags);
    const stop = new AbortController();
    terminal.onStop(() => stop.abort());
    const written = wish.file === undefined ? {} : await rawSettings(wish.file);
    const { raw, chosen } = oneLan(written, wish.interface);
    if (chosen !== undefined)
      terminal.note(`note: the LAN on ${chosen} is rehearsed; --interface names another`);
    const loaded = await load(wish, raw, chosen);
    if ('mistakes' in loaded) return tellMistakes(terminal, loaded.mistakes);
    const { site, cast } = loaded;
    const folder = await mkdtemp(join(tmpdir(), 'unboxd-rehearsal-'));
    try {
      const { settings, notes } = rehearsalSettings({
        ...{ raw, folder, interface: STAGE_INTERFACE, catalogue: site.catalogue },
        base: wish.file === undefined ? process.cwd() : dirname(wish.file),
        list: wish.list,
      });
      for (const note of [...cast.notes, ...notes, ...notesOn(site)]) terminal.note(`note: ${note}`);
      const progress = showProgress(terminal, cast, wish.json);
      return await unlessStopped(terminal, stop.signal, async () => {
        const performed = await perform({
          ...{ folder, settings, address: withPrefix(loaded.ground), actors: cast.actors },
          ...{ loss: wish.loss, atOnce: wish.atOnce, stop: stop.signal, stories: wish.json },
          show: (line) => progress.show(line),
        });
        progress.done();
        if (stop.signal.aborted) return tellStopped(terminal);
        if (!performed.complete) terminal.note('note: not every phone came to an end in time');
        return await tell(terminal, { site, cast, performed, json: wish.json });
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Wish {
  readonly file: string | undefined;
  /** Of several LANs this one. */
  readonly interface: string | undefined;
  readonly list: string | undefined;
  readonly count: number | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  /** 0 to 1. */
  readonly loss: number;
  readonly atOnce: number;
  readonly json: boolean;
}

/** What the flags say; wrong ones are wrong usage. */
function readWish(flags: Flags): Wish {
  const path = (name: string): string | undefined => {
    const said = textFlag(flags, name);
    return said === undefined ? undefined : resolve(said);
  };
  return {
    file: path('config'),
    interface: textFlag(flags, 'interface'),
    list: path('fromList'),
    count: countFlag(flags, 'phones'),
    vendor: textFlag(flags, 'vendor'),
    model: textFlag(flags, 'model'),
    loss: lossFlag(textFlag(flags, 'loss') ?? '0%'),
    atOnce: countFlag(flags, 'concurrency') ?? AT_ONCE,
    json: flags['json'] === true,
  };
}

function countFlag(flags: Flags, name: string): number | undefined {
  const said = textFlag(flags, name);
  if (said === undefined) return undefined;
  const count = /^\d{1,5}$/.test(said) ? Number(said) : 0;
  if (count >= 1 && count <= MOST_PHONES) return count;
  throw new UsageError(`--${name} ${said}: write a number from 1 to ${MOST_PHONES}`);
}

function lossFlag(said: string): number {
  const percent = /^(\d{1,2}(?:\.\d+)?)\s*%?$/.exec(said)?.[1];
  if (percent === undefined || Number(percent) > 50)
    throw new UsageError(`--loss ${said}: write a share from 0% to 50%`);
  return Number(percent) / 100;
}

/** What the file says, unchecked: `loadSite` tells its mistakes. */
async function rawSettings(file: string): Promise<unknown> {
  return readYaml(file, await readFile(file, 'utf8').catch(() => '')).value;
}

type Loaded =
  | { readonly mistakes: Parameters<typeof tellMistakes>[1] }
  | { readonly site: LoadedSite; readonly cast: Cast; readonly ground: ReturnType<typeof groundFor> };

/** Twice: what the interface must be like depends on the phones, and whether the settings fit on the interface. */
async function load(wish: Wish, raw: unknown, chosen: string | undefined): Promise<Loaded> {
  const request: LoadRequest = {
    ...{ file: wish.file, phones: wish.list, interface: chosen },
    facts: () => undefined,
  };
  const first = await loadSite(request);
  if (!first.ok) return { mistakes: first.error };
  const { catalogue, phones } = first.value;
  const cast = chooseCast({ ...wish, catalogue, list: phones });
  if (!cast.ok) throw new UsageError(cast.error);
  const kept = phones.flatMap(({ address }) => address ?? []);
  // Of several LANs, each has some of them.
  const guessed = groundFor({
    raw,
    kept: chosen === undefined ? kept : [],
    phones: cast.value.actors.length,
  });
  const here = factsHere();
  let ground = guessed;
  const whole = await loadSite({
    ...request,
    ...(namesInterface(raw) ? {} : { interface: STAGE_INTERFACE }),
    facts: (name) => {
      ground = orElse(() => here(name), guessed);
      return ground;
    },
  });
  if (!whole.ok) return { mistakes: whole.error };
  const { lan } = whole.value;
  if (chosen !== undefined && lan !== undefined && !kept.every((address) => isOnLan(lan, address)))
    throw new UsageError(
      `the phone list keeps addresses on other LANs than ${chosen}: name a list of its phones with --from-list`,
    );
  return { site: whole.value, cast: cast.value, ground };
}

function namesInterface(raw: unknown): boolean {
  const lans = (raw as { readonly lans?: unknown } | undefined)?.lans;
  return Array.isArray(lans) && lans.length > 0;
}

/** An interface that is down or has no address yet is as good as one that is not here. */
function orElse<Value>(look: () => Value | undefined, otherwise: Value): Value {
  try {
    return look() ?? otherwise;
  } catch (error) {
    if (error instanceof Fault) return otherwise;
    throw error;
  }
}

/** What the simulated phones take for granted. */
function notesOn({ provisioning, catalogue }: LoadedSite): readonly string[] {
  const urls = [provisioning.url, ...catalogue.vendors.map(({ url }) => url)];
  const isFtp = urls.some((url) => url.startsWith('ftp:'));
  const name = /^\w+:\/\/([^/:{}]+)/.exec(provisioning.url)?.[1] ?? '';
  return [
    ...(isFtp ? ['simulated phones speak HTTP, HTTPS and TFTP: what has an ftp: URL stays stuck'] : []),
    ...(/[a-z]/i.test(name) ? [`the name ${name} is taken to lead to this server`] : []),
  ];
}

interface Progress {
  show(line: PhoneLine): void;
  done(): void;
}

/** A table or a line per change for few phones, a count for many; nothing for machines. */
function showProgress(terminal: Terminal, { actors }: Cast, json: boolean): Progress {
  if (json) return { show: () => undefined, done: () => undefined };
  if (actors.length <= FEW) {
    const live = liveTable(terminal, { title: 'unboxd rehearse', json: false });
    return { show: (line) => live.show(line), done: () => live.flush() };
  }
  const lines = new Map<string, PhoneLine>();
  let drawn = false;
  let due: ReturnType<typeof setTimeout> | undefined;
  const draw = (): void => {
    due = undefined;
    const text = `${actors.length} phones: ${countStages([...lines.values()])}`;
    terminal.note(terminal.isTty && drawn ? `\x1b[1A\x1b[2K${text}` : text);
    drawn = true;
  };
  return {
    show: (line) => {
      lines.set(line.mac, line);
      due ??= setTimeout(draw, terminal.isTty ? 200 : 3_000);
    },
    done: () => {
      clearTimeout(due);
      if (lines.size > 0) draw();
    },
  };
}

interface Outcome {
  readonly site: LoadedSite;
  readonly cast: Cast;
  readonly performed: Performance;
  readonly json: boolean;
}

async function tell(terminal: Terminal, { site, cast, performed, json }: Outcome): Promise<0 | 3> {
  const { lines, asked, stories, ms } = performed;
  const press = await openPress(site);
  const phones: Rehearsed[] = [];
  for (const actor of cast.actors) {
    const asker = {
      ...(press.phone(actor.mac) ?? { mac: actor.mac }),
      // As the daemon recognised it: the list alone may not say the model.
      identity: { vendor: actor.vendor.id, model: actor.model.name, by: '', conflicts: [] },
    };
    const mistakes = await press.mistakesOf(asker);
    phones.push({ actor, line: lines.get(actor.mac), asked: asked.get(actor.mac) ?? [], mistakes });
  }
  const groups = groupsOf(phones, nearest);
  if (json) {
    const each = phones.map((phone) => ({
      ...{ mac: showMac(phone.actor.mac), vendor: phone.actor.vendor.id, model: phone.actor.model.name },
      ...{ label: phone.actor.label, listed: phone.actor.listed, ending: endingOf(phone) },
      ...{ sentence: phone.line?.sentence, advice: phone.line?.advice, address: phone.line?.address },
      ...{ asked: phone.asked, mistakes: phone.mistakes, story: stories.get(phone.actor.mac) ?? [] },
    }));
    const named = groups.map(({ macs, ...group }) => ({ ...group, macs: macs.map(showMac) }));
    terminal.out(
      JSON.stringify({ summary: summaryOf(phones, groups), ms: Math.round(ms), groups: named, phones: each }),
    );
  } else for (const line of verdictLines(phones, groups, ms)) terminal.out(line);
  return phones.every((phone) => endingOf(phone) === 'proven') ? 0 : 3;
}

/** The path as the person would type it here. */
function nearest(file: string): string {
  const from = relative(process.cwd(), file);
  return from.startsWith('..') ? file : from;
}
