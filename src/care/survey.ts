// What a look around the machine found, as plain values: facts-*.ts fill it in, judge.ts says what it means.
import type { Ipv4 } from '../base/ipv4.ts';
import type { Millis } from '../base/world.ts';

/** A process that holds a port. */
export interface Holder {
  readonly pid?: number | undefined;
  /** As `comm` of proc(5) says it. */
  readonly name?: string | undefined;
}

/** A port that the settings ask for, and what came of trying to open it. */
export interface PortFacts {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** "DHCP", "HTTP". */
  readonly purpose: string;
  readonly outcome: 'free' | 'taken' | 'forbidden' | 'failed';
  /** Why it failed. */
  readonly detail?: string | undefined;
  /** The interface on which it is not free, where it was tried on several. */
  readonly on?: string | undefined;
  /** Who has it; empty where that could not be seen. */
  readonly holders: readonly Holder[];
  /** Whether the running daemon has it. */
  readonly isOurs: boolean;
  /** Datagrams lost for want of room since the port was opened. */
  readonly lost: number;
}

export interface MachineFacts {
  /** `20.19.2`. */
  readonly node: string;
  readonly uid: number;
  readonly user: string;
  /** Names without CAP_, as far as doctor looks at them: NET_BIND_SERVICE, NET_RAW. */
  readonly capabilities: ReadonlySet<string>;
  /** What the systemd unit gives the daemon; absent where there is no unit. */
  readonly unit?:
    | {
        readonly path: string;
        readonly capabilities: ReadonlySet<string>;
        readonly isEnabled: boolean;
        /** As whom it runs the daemon. */
        readonly user: string;
      }
    | undefined;
  /** From this port on nobody needs a capability. */
  readonly unprivilegedFrom: number;
  /** Why sockets cannot be pinned to an interface; absent where they can. */
  readonly cannotPin?: string | undefined;
  readonly clock: {
    readonly now: Millis;
    /** Something has set it since the start of the machine: NTP. */
    readonly isSynchronised: boolean;
    /** It runs on while the power is off. */
    readonly hasBattery: boolean;
    /** The youngest thing the daemon wrote; later than now when the clock went back. */
    readonly written?: Millis | undefined;
  };
  readonly buffer: {
    /** Bytes of datagrams that the kernel lets one socket hold. */
    readonly granted: number;
    /** net.core.rmem_max; undefined where it cannot be read. */
    readonly most?: number | undefined;
  };
}

/** Another server on the LAN. */
export interface Stranger {
  readonly door: 'dhcp' | 'pnp';
  /** Address, hardware address and maker, as far as they are known: `10.20.0.9 (4c:5e:0c:00:00:09, MikroTik)`. */
  readonly who: string;
}

export interface LanFacts {
  readonly name: string;
  /** Why the interface cannot be used, with a hint. The rest is absent then. */
  readonly trouble?: { readonly message: string; readonly hint: string } | undefined;
  readonly address?: Ipv4 | undefined;
  /** `10.20.0.1/22`. */
  readonly where?: string | undefined;
  /** Other interfaces in the same subnet. */
  readonly twins: readonly string[];
  /** Our own datagram to the PnP group came back by this interface; undefined: not tried, `multicastTrouble` says why. */
  readonly multicast?: boolean | undefined;
  readonly multicastTrouble?: string | undefined;
  readonly strangers: readonly Stranger[];
  /** Why nobody was looked for; a sentence for each kind of server. */
  readonly notLooked: readonly string[];
}

export interface FolderFacts {
  readonly path: string;
  readonly exists: boolean;
  /** Whether this user may write it; where it does not exist, whether it could be made. */
  readonly isWritable: boolean;
  /** Name of its owner, or the number. */
  readonly owner?: string | undefined;
  /** Bytes left for those who are not root. */
  readonly free?: number | undefined;
  /** Files that could still be made; undefined on file systems without such a limit. */
  readonly freeFiles?: number | undefined;
  /** `tmpfs` and `overlay` forget all when the power goes. */
  readonly kind?: 'disk' | 'overlay' | 'tmpfs' | undefined;
  /** Median of ms that a small write takes to be on the disk. */
  readonly flush?: number | undefined;
}

/** A file that others should not read, or a socket that the commands need. */
export interface FileFacts {
  readonly path: string;
  /** What it is, for a sentence: "the phone list". */
  readonly what: string;
  readonly role: 'key' | 'secret' | 'settings' | 'socket';
  /** Permission bits. */
  readonly mode: number;
  /** Names, or numbers where there is no name. */
  readonly owner: string;
  readonly group: string;
  readonly isReadable: boolean;
}

export interface CertificateFile {
  readonly path: string;
  readonly what: string;
  readonly notBefore: Millis;
  readonly notAfter: Millis;
  /** Whether the daemon makes it anew by itself in time. */
  readonly renews: boolean;
}

/** One more LAN of the settings. */
export interface OtherLan extends Pick<Survey, 'mode' | 'pnp'> {
  readonly lan: LanFacts;
}

/** Everything that was found. */
export interface Survey {
  readonly machine: MachineFacts;
  /** The first mistake of the settings and how many there are; absent when there is none. */
  readonly mistakes?: { readonly first: string; readonly count: number; readonly check: string } | undefined;
  readonly ports: readonly PortFacts[];
  /** Absent when no interface is named. */
  readonly lan?: LanFacts | undefined;
  /** The LANs beside the first. */
  readonly others?: readonly OtherLan[] | undefined;
  /** What to type instead of NAME, where no interface is named. */
  readonly interfaces: readonly string[];
  readonly mode: 'full' | 'companion' | 'off';
  readonly pnp: 'provision' | 'discover' | 'off';
  readonly state: FolderFacts;
  readonly files: readonly FileFacts[];
  readonly certificates: readonly CertificateFile[];
  readonly control: string;
  readonly daemon: DaemonFacts;
}

/** Whether a daemon answers at the control socket. */
export type DaemonFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'forbidden' }
  /** One that does not tell of itself: of another version. */
  | { readonly kind: 'other' }
  | ({ readonly kind: 'runs' } & CaredDaemon);

/** What the daemon tells about itself. */
export interface CaredDaemon {
  readonly version: string;
  readonly pid: number;
  readonly since: Millis;
  /** Another one after each start, also of the same process. */
  readonly run: string;
}
