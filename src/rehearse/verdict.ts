// What came of a rehearsal, in few words: phones that went the same way make one group.
import { type Mac, showMac } from '../base/mac.ts';
import { roughly } from '../base/units.ts';
import { type Mistake, showMistake } from '../base/yaml-text.ts';
import type { PhoneLine } from '../control/api.ts';
import { type Actor, namesOf } from './cast.ts';

/** One file that a phone asked for. */
export interface Asked {
  readonly url: string;
  readonly found: boolean;
  readonly bytes: number;
}

/** Proven, and yet its file is not one that such a phone can read: doubtful. */
export type Ending = 'proven' | 'doubtful' | 'stuck';

export interface Rehearsed {
  readonly actor: Actor;
  /** The daemon's own word; absent when it never heard of the phone. */
  readonly line: PhoneLine | undefined;
  readonly asked: readonly Asked[];
  /** In the templates of its files. */
  readonly mistakes: readonly Mistake[];
}

export interface Group {
  readonly ending: Ending;
  /** `yealink T46S`. */
  readonly what: string;
  readonly macs: readonly Mac[];
  /** Why, as the daemon says it; a MAC in it is written {mac}. */
  readonly sentence: string;
  readonly advice?: string | undefined;
  /** The folder of the files, and their names, in the order of asking. */
  readonly folder?: string | undefined;
  readonly files: readonly { readonly name: string; readonly found: boolean }[];
  /** The first one, with its place. */
  readonly mistake?: string | undefined;
}

/** Whether it got to its end, and whether that is a good one. */
export function endingOf({ line, mistakes }: Rehearsed): Ending {
  if (line?.stage !== 'proven') return 'stuck';
  return mistakes.length > 0 ? 'doubtful' : 'proven';
}

/** Groups of phones that did and got the same, those in trouble first, the largest first. */
export function groupsOf(phones: readonly Rehearsed[], showFile: (file: string) => string): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const phone of phones) {
    const { macs, ...rest } = groupOf(phone, showFile);
    const key = JSON.stringify(rest);
    groups.set(key, { ...rest, macs: [...(groups.get(key)?.macs ?? []), ...macs] });
  }
  const order: readonly Ending[] = ['stuck', 'doubtful', 'proven'];
  return [...groups.values()].sort(
    (a, b) => order.indexOf(a.ending) - order.indexOf(b.ending) || b.macs.length - a.macs.length,
  );
}

function groupOf(phone: Rehearsed, showFile: (file: string) => string): Group {
  const { actor, line, asked } = phone;
  const ending = endingOf(phone);
  const anyone = (text: string): string => withoutMac(text, actor.mac);
  const [first] = asked;
  const [mistake] = phone.mistakes;
  return {
    ending,
    what: `${actor.vendor.id} ${actor.model.name}`,
    macs: [actor.mac],
    sentence: ending === 'stuck' ? anyone(reasonOf(line)) : 'has its own file, final bytes',
    advice: ending === 'stuck' ? line?.advice : undefined,
    folder: first && anyone(first.url.slice(0, first.url.lastIndexOf('/') + 1)),
    files: asked.map(({ url, found }) => ({ name: anyone(url.slice(url.lastIndexOf('/') + 1)), found })),
    mistake: mistake && anyone(showMistake({ ...mistake, file: showFile(mistake.file) })),
  };
}

/** How long it has been silent says nothing in a rehearsal. */
function reasonOf(line: PhoneLine | undefined): string {
  return line === undefined
    ? 'was never heard by the daemon'
    : line.sentence.replace(/ \(silent for [^)]*\)$/, '');
}

function withoutMac(text: string, mac: Mac): string {
  const forms = [mac, mac.toUpperCase(), showMac(mac), showMac(mac).toUpperCase()];
  return forms.reduce((rest, form) => rest.replaceAll(form, '{mac}'), text);
}

/** `198 proven; 2 stuck`. */
function countEndings(phones: readonly Rehearsed[]): string {
  const count = (ending: Ending): number => phones.filter((phone) => endingOf(phone) === ending).length;
  const [proven, doubtful, stuck] = [count('proven'), count('doubtful'), count('stuck')];
  return [
    `${proven} proven`,
    ...(doubtful === 0 ? [] : [`${doubtful} with a file that such a phone cannot read`]),
    ...(stuck === 0 ? [] : [`${stuck} stuck`]),
  ].join('; ');
}

/** `198 proven; 2 stuck: asked for {mac}.cfg and got none, because ...: phone.cfg:36:11: ...`, the first cause of them. */
export function summaryOf(phones: readonly Rehearsed[], groups: readonly Group[]): string {
  const [worst] = groups.filter(({ ending }) => ending !== 'proven');
  const causes = worst?.ending === 'stuck' ? [worst.sentence] : [];
  if (worst?.mistake !== undefined) causes.push(worst.mistake);
  return [countEndings(phones), ...causes].join(': ');
}

/** The lines of the result, the shortest form of it first. */
export function verdictLines(
  phones: readonly Rehearsed[],
  groups: readonly Group[],
  ms: number,
): readonly string[] {
  return [
    summaryOf(phones, groups),
    `The phones took ${roughly(ms)}. What they asked for and got:`,
    ...groups.flatMap(groupLines),
  ];
}

const TITLES: Readonly<Record<Ending, string>> = {
  proven: 'proven',
  doubtful: 'proven, but the file has mistakes',
  stuck: 'stuck',
};

function groupLines({
  ending,
  what,
  macs,
  sentence,
  advice,
  folder,
  files,
  mistake,
}: Group): readonly string[] {
  const asked = files.map(({ name, found }) => (found ? name : `${name} (none)`)).join(', ');
  return [
    '',
    `${macs.length} ${what} ${TITLES[ending]}: ${namesOf(macs)}`,
    `  asked ${folder === undefined ? 'for no file' : `${folder} for ${asked}`}`,
    `  ${sentence}`,
    ...(mistake === undefined ? [] : [`  ${mistake}`]),
    ...(advice === undefined ? [] : [`  try: ${advice}`]),
  ];
}
