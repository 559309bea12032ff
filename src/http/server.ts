// The HTTP door: requests of phones to the desk and back.
import { isWithin } from '../base/ipv4.ts';
import type { Closable, World } from '../base/world.ts';
import { type FileDesk, showPeer } from '../files/desk.ts';
import type { HttpOptions, Lan, PlainAnswer, PlainRequest } from '../net/ports.ts';
import type { Tell } from '../timeline/event.ts';
import { answerWith, decideHttp, refusal } from './policy.ts';

export interface HttpDoor {
  readonly lan: Lan;
  readonly port: number;
  /** Certificate and key: the door is HTTPS. */
  readonly tls?: HttpOptions['tls'];
  readonly desk: FileDesk;
  readonly world: World;
  readonly tell: Tell;
}

/** Serves files over HTTP, or with a certificate over HTTPS, on the LAN. Rejects with a Fault when the port cannot be had. */
export async function openHttpServer(door: HttpDoor): Promise<Closable> {
  const { lan, port, tls, world, tell } = door;
  const name = nameOf(door);
  return await lan.listenHttp(
    {
      port,
      tls,
      onGarbled: (from) => {
        const seen = { at: world.now(), from: showPeer(from) };
        tell({ ...seen, kind: 'garbled', door: name, because: 'bad-value', offset: 0, bytes: 0 });
      },
      onTrouble: (error) => {
        const hint = 'phones ask again by themselves; look at the log if this repeats';
        tell({ at: world.now(), kind: 'fault', code: 'http-trouble', message: error.message, hint });
      },
    },
    async (request) => await answer(door, request),
  );
}

async function answer(door: HttpDoor, request: PlainRequest): Promise<PlainAnswer> {
  const { desk, lan, tell, world } = door;
  const decision = decideHttp(request);
  const refused = (because: Parameters<typeof refusal>[1], status: number): PlainAnswer => {
    const seen = { at: world.now(), from: showPeer(request.from) };
    tell({ ...seen, kind: 'refused', door: nameOf(door), file: decision.name, because });
    return refusal(status, because);
  };
  if (!isWithin(lan.subnet, request.from.address)) return refused('sender-off-the-lan', 403);
  if (decision.kind === 'refuse') return refused(decision.because, decision.status);
  const userAgent = request.headers['user-agent'];
  const file = await desk.ask({ door: nameOf(door), name: decision.name, from: request.from, userAgent });
  return answerWith(file, request);
}

function nameOf(door: HttpDoor): 'http' | 'https' {
  return door.tls === undefined ? 'http' : 'https';
}
