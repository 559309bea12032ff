// A simulated phone that lives again and again: plugged in, boots, fetches its files, writes one, is woken, unplugged.
import { fill } from '../../src/base/fill.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { showMac } from '../../src/base/mac.ts';
import type { Cancel, World } from '../../src/base/world.ts';
import { uploadNameFor } from '../../src/phones/files.ts';
import type { PhoneSetup } from '../../src/rehearse/phone.ts';
import { plugPhone, type WebAnswer, type WebRequest } from '../../src/rehearse/plug.ts';
import { fetchByTftp } from '../../src/rehearse/tftp-fetch.ts';
import { webGet } from '../../src/rehearse/web-get.ts';
import type { PhonesLan } from './soak-net.ts';
import { putByHttp, putByTftp, readSealed, sealedText } from './soak-write.ts';

/** What the crowd says of its phones, one JSON line each. */
export type Said =
  | { readonly kind: 'ready' }
  /** All that was heard before it was asked for has been said. */
  | { readonly kind: 'echo' }
  | { readonly kind: 'plugged'; readonly slot: number; readonly mac: string }
  /** A DHCPACK came: the address is the phone's. */
  | { readonly kind: 'leased'; readonly mac: string; readonly address: number }
  | { readonly kind: 'fetched'; readonly mac: string }
  /** The server said that it has it. */
  | { readonly kind: 'wrote'; readonly mac: string; readonly number: number; readonly by: 'http' | 'tftp' }
  /** A file of the phone's own came back in parts. */
  | { readonly kind: 'torn'; readonly mac: string; readonly target: string }
  | { readonly kind: 'woken'; readonly mac: string; readonly call: string }
  | { readonly kind: 'lived'; readonly mac: string; readonly well: boolean };

export interface Pace {
  /** How long a phone stays plugged in when it has all, ms: from, to. */
  readonly stays: readonly [number, number];
  /** How long it is unplugged. */
  readonly rests: readonly [number, number];
  /** How long it may take to get its own file before it is unplugged again. */
  readonly patience: number;
}

export interface Life {
  readonly setup: PhoneSetup;
  /** The how-manieth life of that phone: tells its uploads apart. */
  readonly number: number;
  readonly pace: Pace;
  readonly phones: PhonesLan;
  readonly server: Ipv4;
  readonly world: World;
  readonly dice: () => number;
  readonly say: (said: Said) => void;
  readonly until: AbortSignal;
}

/** Bytes of what it writes: one block, several, more than a socket buffers. */
const SIZES = [300, 6_000, 40_000] as const;
/** Served as it is: what a ring tone is to a phone. */
export const RINGTONE = 'ringtone.wav';

/** One life, from plug to plug. */
export async function live(life: Life): Promise<void> {
  const { setup, pace, phones, say, world } = life;
  const mac = showMac(setup.mac);
  const lan = phones.lanFor(setup.mac, (bytes, port) => {
    const call = port === 0 ? undefined : wakeIn(bytes);
    if (call !== undefined) say({ kind: 'woken', mac, call });
  });
  let address: Ipv4 | undefined;
  let ended: (isWell: boolean) => void = () => undefined;
  const booted = new Promise<boolean>((settle) => {
    ended = settle;
  });
  const cancel: Cancel = world.after(pace.patience, () => ended(false));
  const stopped = (): void => ended(false);
  life.until.addEventListener('abort', stopped);
  const plugged = await plugPhone({
    setup,
    lan,
    world,
    takeAddress: async (taken) => {
      address = taken;
      say({ kind: 'leased', mac, address: taken });
      await Promise.resolve();
    },
    webGet: async (request) => await getWhole(request, mac, say),
    say: () => undefined,
    tell: (doing) => {
      if (doing.kind === 'finished') ended(doing.own);
    },
  });
  try {
    const isWell = await booted;
    cancel();
    if (isWell) {
      say({ kind: 'fetched', mac });
      if (address !== undefined) await useFiles(life, address);
      await pause(life, pace.stays);
    }
    // Unplugged because all is over: that says nothing of the daemon.
    if (isWell || !life.until.aborted) say({ kind: 'lived', mac, well: isWell });
  } finally {
    life.until.removeEventListener('abort', stopped);
    await plugged.close();
  }
  await pause(life, pace.rests);
}

async function getWhole(request: WebRequest, mac: string, say: Life['say']): Promise<WebAnswer> {
  const answer = await webGet(request);
  if (
    answer.status === 200 &&
    request.target.includes('-local') &&
    readSealed(answer.text ?? '') === undefined
  )
    say({ kind: 'torn', mac, target: request.target });
  return answer;
}

/** Loads a file by TFTP, and writes one of its own by the one way or the other. */
async function useFiles({ setup, number, phones, server, world, dice, say }: Life, from: Ipv4) {
  const { mac, vendor } = setup;
  const lan = phones.lanFor(mac, () => undefined);
  const { tftp } = vendor.speaks;
  if (dice() < 0.3)
    await fetchByTftp({ lan, world, from, to: { address: server, port: 69 }, name: RINGTONE, options: tftp });
  const [upload] = vendor.uploads;
  if (upload === undefined) return;
  const size = SIZES[Math.floor(dice() * SIZES.length)] ?? SIZES[0];
  const by = dice() < 0.3 ? 'tftp' : 'http';
  const writing = {
    ...{ lan, world, from, server, userAgent: userAgentOf(setup) },
    name: uploadNameFor(upload, mac),
    bytes: sealedText(showMac(mac), number, size),
  };
  const isWritten = await (by === 'http' ? putByHttp : putByTftp)(writing);
  if (isWritten) say({ kind: 'wrote', mac: showMac(mac), number, by });
}

function userAgentOf({ vendor, model, mac }: PhoneSetup): string {
  return fill(vendor.speaks.userAgent, {
    ...model.tokens,
    mac,
    model: model.name,
    firmware: vendor.speaks.firmware,
  }).text;
}

/** The Call-ID of a wake-up: however often its datagrams are repeated, a phone that is woken once hears one. */
function wakeIn(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.startsWith('NOTIFY ') || /^Event: *ua-profile/im.test(text)) return undefined;
  return /^Call-ID: *(.+?)\r$/im.exec(text)?.[1];
}

async function pause({ dice, world, until }: Life, [from, to]: readonly [number, number]): Promise<void> {
  if (until.aborted) return;
  await new Promise<void>((done) => {
    const over = (): void => {
      cancel();
      until.removeEventListener('abort', over);
      done();
    };
    const cancel = world.after(from + dice() * (to - from), over);
    until.addEventListener('abort', over);
  });
}
