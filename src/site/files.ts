// How an installer writes what files are served and taken (unboxd.yaml, under `files`).
import { clockTime, off, type ShapeOf, shape, size } from '../base/shape.ts';
import type { Millis } from '../base/world.ts';

const text = shape.string().min(1);

const uploadsShape = shape.strictObject({
  /** Default: `uploads` in the state folder. */
  folder: text.optional(),
  largest: size.default(1024 * 1024),
  largestLog: size.default(4 * 1024 * 1024),
  versions: shape.int().min(0).max(100).default(5),
  quota: size.default(256 * 1024 * 1024),
});

/** How sure it must be who asks before a file with passwords is given out. */
const BINDS = ['lease', 'claim', 'off'] as const;

const windowShape = shape.strictObject({ from: clockTime.optional(), until: clockTime.optional() });

/** How URLs carry two tokens, one for the first access and a lasting one. */
const tokenRule = shape.strictObject({
  /** What the first token opens: the files whole, or without passwords. */
  first: shape.enum(['whole', 'blank'], { error: 'write whole or blank' }).default('whole'),
  /** What whoever shows no token gets of files with passwords: the same without those, or nothing. */
  without: shape.enum(['blank', 'refuse'], { error: 'write blank or refuse' }).default('blank'),
});
const on = shape
  .union([shape.literal('on'), shape.literal(true)])
  .transform(() => ({ first: 'whole', without: 'blank' }) as const);
const tokensShape = shape.union([off, on, tokenRule], {
  error: 'write on, off, or { first: whole | blank, without: blank | refuse }',
});

export const filesShape = shape.strictObject({
  root: text.optional(),
  templates: text.optional(),
  firmware: text.optional(),
  /** How many phones of a make load firmware at a time. */
  firmwareAtOnce: shape.int().min(1).max(10_000).default(50),
  /** Bytes a second for each of them. */
  firmwareRate: shape.union([off, size.refine((rate) => rate >= 1024, 'at least 1 KiB')]).default('off'),
  case: shape.enum(['ignore', 'exact'], { error: 'write ignore or exact' }).default('ignore'),
  /** Default: lease where this server gives the addresses, else claim. */
  bind: shape.union([off, shape.enum(BINDS)], { error: 'write lease, claim or off' }).optional(),
  uploads: shape.union([off, uploadsShape]).prefault({}),
  tokens: tokensShape.default('off'),
  /** When files with secrets are given out; left out: always. */
  window: windowShape.prefault({}),
  /** The same by batch (a column of the phone list), in its stead. */
  windows: shape.record(shape.string(), windowShape).default({}),
  /** Variables of templates for every phone. */
  variables: shape.record(shape.string(), shape.coerce.string()).default({}),
});

export type FilesFile = ShapeOf<typeof filesShape>;
export type TokenRule = ShapeOf<typeof tokenRule>;
export type Bind = (typeof BINDS)[number];

/** How much phones may write. */
export interface UploadLimits {
  /** In bytes, for settings and contacts. */
  readonly largest: number;
  /** In bytes, for logs. */
  readonly largestLog: number;
  /** How many earlier versions of a file are kept. */
  readonly versions: number;
  /** In bytes, for everything together, earlier versions included. */
  readonly quota: number;
}

/** How firmware is given out. */
export interface FirmwarePace {
  /** Phones of a make at a time. */
  readonly atOnce: number;
  /** The most bytes a second for one phone; absent: as fast as it goes. */
  readonly rate?: number | undefined;
}

export interface Window {
  readonly from?: Millis | undefined;
  readonly until?: Millis | undefined;
}

/** The same with all paths absolute and all defaults filled in. */
export interface FileSettings {
  readonly root?: string | undefined;
  readonly firmware?: string | undefined;
  readonly firmwarePace?: FirmwarePace | undefined;
  readonly isCaseIgnored: boolean;
  /** Undefined: by the DHCP mode of the LAN. */
  readonly bind?: Bind | undefined;
  readonly uploads?: { readonly folder: string; readonly limits: UploadLimits } | undefined;
  /** Absent: URLs carry no tokens. */
  readonly tokens?: TokenRule | undefined;
  readonly window: Window;
  /** By batch, in its stead. */
  readonly windows?: Readonly<Record<string, Window>> | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

/** Resolves paths: `inBase` from the settings file, `inState` from the state folder. */
export function fileSettings(files: FilesFile, { inBase, inState }: Paths): FileSettings {
  return {
    root: files.root === undefined ? undefined : inBase(files.root),
    firmware: files.firmware === undefined ? undefined : inBase(files.firmware),
    firmwarePace: {
      atOnce: files.firmwareAtOnce,
      rate: files.firmwareRate === 'off' ? undefined : files.firmwareRate,
    },
    isCaseIgnored: files.case === 'ignore',
    bind: files.bind,
    uploads: uploadSettings(files.uploads, { inBase, inState }),
    ...(files.tokens === 'off' ? {} : { tokens: files.tokens }),
    window: files.window,
    windows: files.windows,
    variables: files.variables,
  };
}

type Paths = Record<'inBase' | 'inState', (path: string) => string>;

function uploadSettings(uploads: FilesFile['uploads'], { inBase, inState }: Paths): FileSettings['uploads'] {
  if (uploads === 'off') return undefined;
  const { folder, ...limits } = uploads;
  return { folder: folder === undefined ? inState('uploads') : inBase(folder), limits };
}
