// A phone that is woken, in virtual time: what it is sent, what it says, and what the wire loses.
import { createHash } from 'node:crypto';
import { parseIpv4, parseSubnet } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { Peer, TcpHandlers } from '../../src/net/ports.ts';
import {
  decodeMessage,
  encodeMessage,
  header,
  type SipRequest,
  type SipResponse,
} from '../../src/sip/message.ts';
import { type WakeOutcome, type WakeRequest, wakePhone } from '../../src/sip/notifier.ts';
import { createPending } from '../../src/sip/pending.ts';
import { fakeWorld } from '../fakes/world.ts';

export const MAC = parseMac('001565aabb01') ?? fail('MAC');
export const PHONE = address('10.1.0.51');
export const SUBNET = parseSubnet('10.1.0.0/24') ?? fail('subnet');

export function fail(what: string): never {
  throw new Error(`odd ${what}`);
}

export function address(text: string) {
  return parseIpv4(text) ?? fail(text);
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** What the phone says to a request: bare lines below its status line; undefined is silence. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly branch?: string }
  | undefined;

/** The response to a request, with the headers that any must have (RFC 3261 section 8.2.6.2). */
export function respond(
  request: SipRequest,
  { status, headers = {}, branch }: NonNullable<Answer>,
): SipResponse {
  const copied = request.headers
    .filter(({ name }) => ['Via', 'From', 'To', 'Call-ID', 'CSeq'].includes(name))
    .map(({ name, value }) => ({
      name,
      value: branch === undefined ? value : value.replace(/branch=.*/, `branch=${branch}`),
    }));
  const more = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { kind: 'response', status, reason: 'Word', headers: [...copied, ...more], body: new Uint8Array() };
}

export interface Woken {
  /** Every request that left, in order, with the ms since the start. */
  readonly sent: readonly { readonly at: number; readonly request: SipRequest; readonly to: Peer }[];
  readonly outcome: WakeOutcome | Error | undefined;
  readonly kinds: readonly string[];
}

/** Wakes one phone that answers as told, `delay` ms later, and plays until nothing more can happen. */
export async function wake(
  answer: (request: SipRequest, count: number) => Answer | readonly Answer[],
  more: Partial<WakeRequest> & { readonly delay?: number; readonly via?: Peer; readonly allowed?: Peer } = {},
): Promise<Woken> {
  const world = fakeWorld();
  const start = world.now();
  const sent: { at: number; request: SipRequest; to: Peer }[] = [];
  const kinds: string[] = [];
  const { delay = 1, allowed, ...wanted } = more;
  const deliver = (bytes: Uint8Array): SipResponse | undefined => {
    const decoded = decodeMessage(bytes);
    return decoded.ok && decoded.value.kind === 'response' ? decoded.value : undefined;
  };
  const answered = (bytes: Uint8Array, to: Peer): readonly Uint8Array[] => {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok || decoded.value.kind !== 'request') throw new Error('no request left');
    const request = decoded.value;
    sent.push({ at: world.now() - start, request, to });
    const said = [answer(request, sent.length)].flat();
    return said.flatMap((one) => (one === undefined ? [] : [encodeMessage(respond(request, one))]));
  };
  const pending = createPending({ world, most: 10 });
  const send = (bytes: Uint8Array, to: Peer): void => {
    for (const back of answered(bytes, to))
      world.after(delay, () => {
        const response = deliver(back);
        if (response !== undefined) pending.hear(response);
      });
  };
  /** A TCP connection to the phone; its answers come in two pieces. */
  const dialTcp = async ({ to }: { readonly to: Peer }, handlers: TcpHandlers) =>
    await Promise.resolve({
      near: { address: address('10.1.0.1'), port: 40_000 },
      far: to,
      send: async (bytes: Uint8Array) => {
        for (const back of answered(bytes, to))
          world.after(delay, () => {
            handlers.onBytes(back.slice(0, 30));
            handlers.onBytes(back.slice(30));
          });
        return await Promise.resolve(true);
      },
      hold: () => undefined,
      go: () => undefined,
      end: () => undefined,
      destroy: () => undefined,
    });
  const parts = {
    ...{ pending, send },
    lan: { subnet: SUBNET, dialTcp },
    via: allowed === undefined ? [] : [allowed.address],
    server: { address: address('10.1.0.1'), port: 5060 },
    world,
    tell: ({ kind }: { readonly kind: string }) => void kinds.push(kind),
  };
  let outcome: WakeOutcome | Error | undefined;
  const request = { mac: MAC, address: PHONE, port: 5060, event: 'check-sync', ...wanted };
  const done = wakePhone(parts, request).then(
    (end) => {
      outcome = end;
    },
    (error: Error) => {
      outcome = error;
    },
  );
  await world.advance(600_000);
  await done;
  return { sent, outcome, kinds };
}

/** The parameters of an Authorization header. */
export function authOf(request: SipRequest, name = 'Authorization'): Readonly<Record<string, string>> {
  const value = request.headers.find((one) => one.name === name)?.value ?? '';
  const parts = value.matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))/g);
  const pairs: [string, string][] = [...parts].map((part) => [part[1] ?? '', part[2] ?? part[3] ?? '']);
  return Object.fromEntries(pairs);
}

export function cseq(request: SipRequest): string | undefined {
  return header(request, 'CSeq');
}
