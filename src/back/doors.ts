// The doors for files, opened together: in this thread or, by thread.ts, in one of their own.
import type { Ipv4 } from '../base/ipv4.ts';
import { type Closable, openAll, type World } from '../base/world.ts';
import type { Recognise } from '../files/desk.ts';
import { openShelf, type Shelf } from '../files/disk.ts';
import { createDesk, type Desk } from '../files/serve.ts';
import type { Templates } from '../files/templates.ts';
import { openHttpServer } from '../http/server.ts';
import type { HttpOptions, Lan } from '../net/ports.ts';
import { urlFor } from '../phones/url.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { LoadedSite } from '../site/load.ts';
import { openTftpServer } from '../tftp/server.ts';
import type { Tell } from '../timeline/event.ts';

/** What is served, and by which doors: data that another thread can be given. */
export interface FileSite {
  readonly catalogue: Catalogue;
  readonly templates: Templates;
  readonly filesRoot?: string | undefined;
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
}

export interface FileDoorsParts extends FileKeeper {
  readonly site: FileSite;
  readonly lan: Lan;
  readonly world: World;
}

/** Opens the doors that the site wants. Rejects with a Fault, none left open, when one of them cannot be opened. */
export async function openFileDoors(parts: FileDoorsParts): Promise<FileDoors> {
  const { site, lan, world, tell } = parts;
  const { url, server, catalogue, doors, filesRoot } = site;
  const desk = createDesk({
    ...parts,
    ...site,
    lan: { address: server },
    shelf: filesRoot === undefined ? EMPTY_SHELF : openShelf(filesRoot),
    urlFor: (phone) => urlFor({ url, server, catalogue, phone }),
  });
  const web = (port: number | 'off', tls?: HttpOptions['tls']) =>
    port === 'off' ? [] : [async () => await openHttpServer({ lan, port, tls, desk, world, tell })];
  const { close } = await openAll([
    ...(doors.tftp === 'off' ? [] : [async () => await openTftpServer({ lan, desk, world, tell })]),
    ...web(doors.http),
    ...web(doors.https, site.tls),
  ]);
  return { desk, close };
}

const EMPTY_SHELF: Shelf = { find: async () => await Promise.resolve(undefined) };
