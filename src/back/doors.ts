// The doors for files, opened together: in this thread or, by thread.ts, in one of their own.
import type { Ipv4 } from '../base/ipv4.ts';
import { type Closable, openAll, type World } from '../base/world.ts';
import type { Recognise } from '../files/desk.ts';
import type { Templates } from '../files/layers.ts';
import { openDesk } from '../files/open.ts';
import type { Desk } from '../files/serve.ts';
import { openFtpServer } from '../ftp/server.ts';
import { openHttpServer } from '../http/server.ts';
import type { HttpOptions, Lan } from '../net/ports.ts';
import { urlFor } from '../phones/url.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { FileSettings } from '../site/files.ts';
import type { LoadedSite } from '../site/load.ts';
import { readMtu } from '../tftp/mtu.ts';
import { openTftpServer } from '../tftp/server.ts';
import type { Tell } from '../timeline/event.ts';
import { gateDesk } from './account-gate.ts';

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
}

/** What the doors need of the one who knows the phones. */
export interface FileKeeper {
  readonly recognise: Recognise;
  readonly tell: Tell;
}

export interface FileDoors extends Closable {
  readonly desk: Desk;
  /** The lease on an address changed hands; whoever remembers who is there forgets it. */
  readonly moved?: (address: Ipv4) => void;
}

export interface FileDoorsParts extends FileKeeper {
  readonly site: FileSite;
  readonly lan: Lan;
  readonly world: World;
}

/** Opens the doors that the site wants. Rejects with a Fault, none left open, when one of them cannot be opened. */
export async function openFileDoors(parts: FileDoorsParts): Promise<FileDoors> {
  const { site, lan, world, tell } = parts;
  const { url, server, catalogue, doors } = site;
  const { accounts } = doors;
  const bare = await openDesk({
    ...parts,
    ...site,
    urlFor: (phone) => urlFor({ url, server, catalogue, phone }),
  });
  const desk = gateDesk(bare, { accounts, world, tell });
  const door = { lan, desk, accounts, catalogue, world, tell };
  const web = (port: number | 'off', tls?: HttpOptions['tls']) =>
    port === 'off' ? [] : [async () => await openHttpServer({ ...door, port, tls })];
  const tftp = (setting: typeof doors.tftp) => {
    if (setting === 'off') return [];
    const settings = setting === 'on' ? undefined : setting;
    const open = async () => {
      const mtu = await readMtu(lan.interface);
      return await openTftpServer({ lan, desk, world, tell, settings, mtu });
    };
    return [open];
  };
  const ftp = (settings: typeof doors.ftp) =>
    settings === 'off' ? [] : [async () => await openFtpServer({ ...door, settings })];
  const { close } = await openAll([
    async () => await Promise.resolve(bare),
    ...tftp(doors.tftp),
    ...web(doors.http),
    ...web(doors.https === 'off' ? 'off' : doors.https.port, site.tls),
    ...ftp(doors.ftp),
    ...web(doors.httpsLegacy, site.tls && { ...site.tls, isLegacy: true }),
  ]);
  return { desk, close };
}
