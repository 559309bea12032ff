// The doors for files, opened together: in this thread or, by thread.ts, in one of their own.
import { isDeepStrictEqual } from 'node:util';
import type { Ipv4 } from '../base/ipv4.ts';
import { type Closable, openAll, type World } from '../base/world.ts';
import type { Recognise } from '../files/desk.ts';
import type { Templates } from '../files/layers.ts';
import { openDesk } from '../files/open.ts';
import type { Desk } from '../files/serve.ts';
import { openFtpServer } from '../ftp/server.ts';
import type { HttpOptions, Lan } from '../net/ports.ts';
import { urlFor } from '../phones/url.ts';
import type { Catalogue } from '../phones/vendor.ts';
import { accountsOf } from '../site/accounts.ts';
import type { FileSettings } from '../site/files.ts';
import type { LoadedSite } from '../site/load.ts';
import { readMtu } from '../tftp/mtu.ts';
import { openTftpServer } from '../tftp/server.ts';
import type { PhoneEvent, Tell } from '../timeline/event.ts';
import { gateDesk } from './account-gate.ts';
import { createDeskCell, type Standing } from './desk-cell.ts';
import { openTokens } from './tokens.ts';
import { openWebDoors, type WebDoors } from './web-doors.ts';

/** What is served, and by which doors: data that another thread can be given. */
export interface FileSite {
  readonly catalogue: Catalogue;
  readonly templates: Templates;
  readonly filesRoot?: string | undefined;
  readonly files?: FileSettings | undefined;
  readonly doors: LoadedSite['doors'];
  /** The site's URL with its placeholders. */
  readonly url: string;
  /** {server} in it. */
  readonly server: Ipv4;
  /** Needed when the HTTPS door is on. */
  readonly tls?: HttpOptions['tls'];
  /** From which all tokens follow; needed when files.tokens is on. */
  readonly tokenKey?: Uint8Array | undefined;
}

/** What the doors need of the one who knows the phones. */
export interface FileKeeper {
  readonly recognise: Recognise;
  readonly tell: Tell;
}

/** What another site wants, made ready: it holds when it is committed. */
export interface Renewal {
  commit(): void;
  /** Gives back what was made ready. */
  undo(): Promise<void>;
}

export interface FileDoors extends Closable {
  readonly desk: Desk;
  /** The lease on an address changed hands; whoever remembers who is there forgets it. */
  readonly moved?: (address: Ipv4) => void;
  /** Makes ready what that site wants. Rejects with a Fault, nothing changed, when it cannot be had. */
  readonly renew: (site: FileSite) => Promise<Renewal>;
  /** Rejects when nobody has answered in a time in which anybody alive would. */
  readonly answers?: () => Promise<void>;
}

export interface FileDoorsParts extends FileKeeper {
  readonly site: FileSite;
  readonly lan: Lan;
  readonly world: World;
}

/** Opens the doors that the site wants. Rejects with a Fault, none left open, when one of them cannot be opened. */
export async function openFileDoors(given: FileDoorsParts): Promise<FileDoors> {
  let isStopping = false;
  const tell: Tell = (event) => given.tell(isStopping ? ofOurDoing(event) : event);
  const parts = { ...given, tell };
  const { lan, world } = parts;
  const { doors } = parts.site;
  let { site } = parts;
  const cell = createDeskCell(await openStanding(parts));
  const { desk } = cell;
  const common = { lan, desk, world, tell };
  const tftp = (setting: typeof doors.tftp) => {
    if (setting === 'off') return [];
    const settings = setting === 'on' ? undefined : setting;
    const open = async () => {
      const mtu = await readMtu(lan.interface);
      return await openTftpServer({ ...common, settings, mtu });
    };
    return [open];
  };
  const ftp = (settings: typeof doors.ftp) => {
    if (settings === 'off') return [];
    const open = async () =>
      await openFtpServer({
        ...{ ...common, settings },
        // Looked up for each connection.
        get accounts() {
          return site.doors.accounts;
        },
      });
    return [open];
  };
  let web: WebDoors | undefined;
  const { close } = await openAll([
    async () => await Promise.resolve(cell),
    ...tftp(doors.tftp),
    async () => (web = await openWebDoors({ ...common, site: () => site }, site)),
    ...ftp(doors.ftp),
  ]);
  return {
    desk,
    renew: async (next) => {
      const standing = await openStanding({ ...parts, site: next }, cell.standing(), site);
      const ports = await web?.renew(next);
      return {
        commit: () => {
          site = next;
          cell.put(standing);
          ports?.commit();
        },
        undo: async () => await ports?.undo(),
      };
    },
    close: async () => {
      isStopping = true;
      await close();
    },
  };
}

/** When we go, what breaks off is no phone's doing. */
function ofOurDoing(event: PhoneEvent): PhoneEvent {
  return event.kind === 'transfer-ended-early' || event.kind === 'upload-ended-early'
    ? { ...event, why: 'unboxd was stopped' }
    : event;
}

/** The desk of a site. What the desk before it has under way is taken over, as far as the settings are the same. */
async function openStanding(parts: FileDoorsParts, before?: Standing, was?: FileSite): Promise<Standing> {
  const { site, world, tell } = parts;
  const { url, server, catalogue, doors } = site;
  const tokens = openTokens(parts);
  const isSamePace = isDeepStrictEqual(site.files?.firmwarePace, was?.files?.firmwarePace);
  const bare = await openDesk({
    ...parts,
    ...site,
    recognise: tokens === undefined ? parts.recognise : tokens.recognise(parts.recognise),
    isGuarded: (name) => accountsOf(doors.accounts, name).length > 0,
    urlFor: tokens?.urlFor ?? ((phone) => urlFor({ url, server, catalogue, phone })),
    kept: before && { ...before.bare.kept, ...(isSamePace ? {} : { pacer: undefined }) },
  });
  const gated = tokens === undefined ? bare : tokens.gate(bare);
  return { bare, desk: gateDesk(gated, { accounts: doors.accounts, world, tell }) };
}
