// Opens the desk on the folders that the site names.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Closable, World } from '../base/world.ts';
import { withAuthority } from '../certs/public.ts';
import type { TlsDoor } from '../net/ports.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { FileSettings } from '../site/files.ts';
import type { Tell } from '../timeline/event.ts';
import type { Asker, FileDesk, Recognise } from './desk.ts';
import { openShelf, type Shelf } from './disk.ts';
import { readFirmware } from './firmware.ts';
import { type Inbox, openInbox } from './inbox.ts';
import type { Templates } from './layers.ts';
import { createPacer, type Pacer } from './pace.ts';
import { createDesk, type Desk } from './serve.ts';

export interface OpenDeskParts {
  readonly catalogue: Catalogue;
  readonly templates: Templates;
  /** Absent: all defaults, nothing static, no uploads. */
  readonly files?: FileSettings | undefined;
  /** The files folder where there are no settings. */
  readonly filesRoot?: string | undefined;
  /** With the HTTPS door phones get the CA that they must trust. */
  readonly tls?: Pick<TlsDoor, 'authority'> | undefined;
  readonly server: Ipv4;
  readonly urlFor: (phone: Asker) => string | undefined;
  /** Whether that name lies in a folder that wants a password. */
  readonly isGuarded?: ((name: string) => boolean) | undefined;
  readonly recognise: Recognise;
  readonly world: World;
  readonly tell: Tell;
  /** Of the desk before it, whose transfers go on: uploads in the making, and who loads firmware. */
  readonly kept?: Kept | undefined;
}

interface Kept {
  readonly inbox: Inbox | undefined;
  /** Undefined where other limits ask for a new one. */
  readonly pacer: Pacer | undefined;
}

export interface OpenedDesk extends Desk, FileDesk, Closable {
  readonly kept: Kept;
}

/** Opens the desk. Rejects with a Fault when a folder cannot be used. */
export async function openDesk(parts: OpenDeskParts): Promise<OpenedDesk> {
  const { files, catalogue, world, server } = parts;
  const uploads = files?.uploads;
  const options = { now: () => world.now(), isCaseIgnored: files?.isCaseIgnored ?? true };
  const inbox =
    parts.kept === undefined
      ? uploads && (await openInbox(uploads.folder, uploads.limits))
      : parts.kept.inbox;
  const pacer =
    parts.kept?.pacer ??
    createPacer({ limits: files?.firmwarePace ?? { atOnce: 50 }, world, tell: parts.tell });
  const root = files?.root ?? parts.filesRoot;
  const firmware = files?.firmware;
  const desk = createDesk({
    ...parts,
    lan: { address: server },
    shelf: withAuthority(root === undefined ? EMPTY_SHELF : openShelf(root, options), {
      authority: parts.tls?.authority,
      now: world.now(),
    }),
    inbox: inbox && uploads && { inbox, limits: uploads.limits },
    firmware:
      firmware === undefined
        ? undefined
        : {
            shelf: openShelf(firmware, options),
            files: (await readFirmware(firmware, catalogue)).firmware,
          },
    variables: files?.variables,
    pacer,
    secrets: files && { bind: files.bind ?? 'claim', window: files.window, windows: files.windows },
  });
  return { ...desk, kept: { inbox, pacer }, close: async () => await inbox?.close() };
}

const EMPTY_SHELF: Shelf = {
  find: async () => await Promise.resolve(undefined),
  list: async () => await Promise.resolve(undefined),
};
