// From progress to the one line an installer reads: the stage, a plain sentence, and why a phone is stuck.

import { roughly, showBytes } from '../base/units.ts';
import type { Millis } from '../base/world.ts';
import { firmwareAside, firmwareLine } from './firmware.ts';
import type { Progress } from './progress.ts';
import { becauseOf, meaningOf } from './reason.ts';
import { sentence } from './sentence.ts';

export const STAGES = [
  'expected',
  'asking',
  'addressed',
  'told',
  'fetching',
  'proven',
  'stale',
  'stuck',
] as const;
export type Stage = (typeof STAGES)[number];

export interface Line {
  readonly stage: Stage;
  readonly sentence: string;
  /** What to try, when the phone is stuck or stale. */
  readonly advice?: string | undefined;
}

export interface Question {
  /** Absent: the phone is on the list and has not been seen. */
  readonly progress: Progress | undefined;
  readonly now: Millis;
  /** How long phones of this vendor may say nothing while at work, ms. */
  readonly silence: number;
  /** SHA-256 of the phone's own file as it would be served now; absent when there is none. */
  readonly wanted: string | undefined;
  /** What is known of the maker; absent when the phone is not recognised. */
  readonly vendor?: VendorHabits | undefined;
}

/** What phones of a maker do by themselves. */
export interface VendorHabits {
  readonly name: string;
  /** The options from which they may take a URL. */
  readonly obeys: readonly number[];
  readonly asksByPnp: boolean;
}

/** Where the phone stands and what to say of it. Green means proven: its own file, final bytes, whole. */
export function lineOf(question: Question): Line {
  const { progress, now, silence, wanted } = question;
  if (progress === undefined) return { stage: 'expected', sentence: 'not seen yet' };
  const firmware = firmwareLine(progress.firmware, { now, silence });
  if (firmware !== undefined) return firmware;
  const own = progress.ownFile;
  if (own !== undefined && own.digest === wanted) {
    return {
      stage: 'proven',
      sentence: `has its own file ${own.file} (${showBytes(own.bytes)}), final bytes${firmwareAside(progress.firmware)}`,
    };
  }
  if (own?.isBlank === true) {
    return {
      stage: 'stale',
      sentence: `has ${own.file} without its passwords: it showed no token that is good`,
      advice: 'If it was reset: unboxd tokens --renew --mac with its MAC, then restart it.',
    };
  }
  if (now - progress.last.at > silence) return stuck(question, progress);
  if (own !== undefined) {
    return {
      stage: 'stale',
      sentence: `has an older ${own.file}: its settings changed since`,
      advice: 'Wake it: unboxd resync --mac with its MAC.',
    };
  }
  return { stage: stageOf(progress), sentence: sentence(progress.last) };
}

function stageOf(progress: Progress): Stage {
  if (progress.askedForFiles) return 'fetching';
  if (progress.told !== undefined) return 'told';
  return progress.address === undefined ? 'asking' : 'addressed';
}

function stuck(question: Question, progress: Progress): Line {
  const quiet = `silent for ${roughly(question.now - progress.last.at)}`;
  const [why, advice] = reasonFor(question, progress);
  return { stage: 'stuck', sentence: `${why} (${quiet})`, advice };
}

/** The most telling fact first. */
function reasonFor(question: Question, progress: Progress): readonly [why: string, advice: string] {
  const { vendor } = question;
  if (progress.last.kind === 'tls-refused') {
    return [sentence(progress.last), meaningOf(progress.last.because)];
  }
  if (progress.silence !== undefined) {
    return [
      `got no answer, because ${becauseOf(progress.silence.because)}`,
      meaningOf(progress.silence.because),
    ];
  }
  if (progress.refusal !== undefined) {
    const { file, because } = progress.refusal;
    return [`asked for ${file} and got none, because ${becauseOf(because)}`, meaningOf(because)];
  }
  if (progress.ownFile !== undefined) {
    return ['has an older file: its settings changed since', 'Wake it: unboxd resync --mac with its MAC.'];
  }
  if (vendor === undefined) {
    return [
      'is of unknown make and was told no URL',
      'Put the phone into the phone list with its vendor, or add a vendor file.',
    ];
  }
  if (progress.told === undefined) return neverTold(vendor, progress);
  if (!progress.askedForFiles) {
    return [
      'was told the URL and asked for no file',
      `It may still hold the settings of another provider: reset the ${vendor.name} phone to factory defaults. Or HTTP and TFTP are blocked between it and this machine.`,
    ];
  }
  return [
    'asked for files but never for its own',
    `See "unboxd explain" for the order in which a ${vendor.name} phone asks, and "unboxd story" for what it did.`,
  ];
}

function neverTold(vendor: VendorHabits, progress: Progress): readonly [why: string, advice: string] {
  const asked = progress.asksOptions;
  if (asked !== undefined && !vendor.obeys.some((code) => asked.includes(code))) {
    return [
      `never asked for option ${vendor.obeys.join(', ')}`,
      vendor.asksByPnp
        ? 'Switch its DHCP option on in its web page, or let it ask by PnP (multicast must pass the switch).'
        : 'Switch its DHCP option on in its web page.',
    ];
  }
  return ['was never told the URL', 'Plug it in again. If that does not help, reset it to factory defaults.'];
}
