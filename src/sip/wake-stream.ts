// Wake-ups over TCP and TLS: one connection for each phone, for as long as it takes.
import { printable } from '../base/bytes.ts';
import type { World } from '../base/world.ts';
import type { Lan, Peer, TcpStream } from '../net/ports.ts';
import { nextFrame } from './framing.ts';
import { decodeMessage, encodeMessage, type SipRequest, type SipResponse } from './message.ts';
import type { Transport } from './notify.ts';
import { type ClientEnd, clientKey } from './transaction.ts';

/** How a request of ours gets to the phone and its answer back. */
export interface Carrier {
  /** Ready to send; where the answer must come to. Rejects with an Error in plain words. */
  open(server: Peer): Promise<Peer>;
  ask(request: SipRequest): Promise<{ readonly end: ClientEnd; readonly response?: SipResponse | undefined }>;
  /** What was asked ends as unanswered. */
  close(): void;
}

export interface StreamParts {
  readonly lan: Pick<Lan, 'dialTcp'>;
  readonly world: World;
}

/** Timer F (RFC 3261 section 17.1.2.2); over a reliable transport nothing is sent again before it. */
const TIMER_F = 32_000;
const DIAL_TIMEOUT = 10_000;
/** A phone says little; who says more is no phone. */
const LONGEST_ANSWER = 65_535;

export function streamCarrier({ lan, world }: StreamParts, to: Peer, transport: Transport): Carrier {
  let stream: TcpStream | undefined;
  let heard: (response: SipResponse) => void = () => undefined;
  let ended: () => void = () => undefined;
  const drop = (): void => {
    stream?.destroy();
    stream = undefined;
    ended();
  };
  const onMessage = (bytes: Uint8Array): void => {
    const decoded = decodeMessage(bytes);
    if (decoded.ok && decoded.value.kind === 'response') heard(decoded.value);
  };

  return {
    open: async () => {
      const tls = transport === 'tls' ? {} : undefined;
      stream ??= await lan.dialTcp(
        { to, timeoutMs: DIAL_TIMEOUT, tls },
        { onBytes: messageReader(onMessage, drop), onEnd: drop, onClose: drop },
      );
      return stream.near;
    },
    ask: async (request) =>
      await new Promise((settle) => {
        const unanswered = { end: { kind: 'unanswered', tries: 1 } } as const;
        const cancel = world.after(TIMER_F, () => settle(unanswered));
        ended = () => {
          cancel();
          settle(unanswered);
        };
        heard = (response) => {
          if (clientKey(response) !== clientKey(request) || response.status < 200) return;
          cancel();
          const { status, reason } = response;
          settle({ end: { kind: 'answered', status, reason: printable(reason, 64) }, response });
        };
        if (stream === undefined) ended();
        else void stream.send(encodeMessage(request));
      }),
    close: drop,
  };
}

/** The messages of one connection. */
function messageReader(onMessage: (bytes: Uint8Array) => void, onGarbled: () => void) {
  let buffer: Uint8Array = new Uint8Array();
  return (bytes: Uint8Array): void => {
    buffer = buffer.length === 0 ? bytes : Buffer.concat([buffer, bytes]);
    for (;;) {
      const frame = nextFrame(buffer, LONGEST_ANSWER);
      if (frame.kind === 'more') return;
      if (frame.kind === 'lost' && frame.because === 'too-long') {
        onGarbled();
        return;
      }
      buffer = buffer.subarray(frame.used);
      // Departure from RFC 3261 section 18.3: phones answer without Content-Length too, and have no body then.
      if (frame.kind !== 'ping') onMessage(frame.bytes);
    }
  };
}
