// The HTTP door: requests of phones to the desk and back.
import { randomBytes } from 'node:crypto';
import { isWithin } from '../base/ipv4.ts';
import type { World } from '../base/world.ts';
import { type FileDesk, type Proof, showPeer } from '../files/desk.ts';
import type { HttpOptions, Lan, PlainAnswer, PlainRequest, WebListener } from '../net/ports.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { Account } from '../site/accounts.ts';
import type { Tell } from '../timeline/event.ts';
import type { Reason } from '../timeline/reason.ts';
import { decideSignIn } from './auth.ts';
import { decideCertificate } from './certificate.ts';
import { acceptsGzip } from './encoding.ts';
import { createNonces, type Nonces } from './nonce.ts';
import { answerWith, decideHttp, type HttpDecision } from './policy.ts';
import { refusal } from './refusal.ts';
import { unfilledIn } from './target.ts';
import { takeUpload } from './upload.ts';

export interface HttpDoor {
  readonly lan: Lan;
  readonly port: number;
  /** Certificate and key: the door is HTTPS. */
  readonly tls?: HttpOptions['tls'];
  readonly desk: Pick<FileDesk, 'ask' | 'upload'>;
  /** Who may enter which folder; folders without an account are open. */
  readonly accounts: readonly Account[];
  readonly catalogue: Catalogue;
  readonly world: World;
  readonly tell: Tell;
}

interface OpenDoor {
  /** Looked up at each request: a reload may change accounts and vendor files behind an open door. */
  readonly parts: HttpDoor;
  readonly name: 'http' | 'https';
  readonly nonces: Nonces;
}

/** Serves files over HTTP, or with a certificate over HTTPS, on the LAN. Rejects with a Fault when the port cannot be had. */
export async function openHttpServer(parts: HttpDoor): Promise<WebListener> {
  const { lan, port, tls, world, tell } = parts;
  const name = tls === undefined ? 'http' : 'https';
  const door: OpenDoor = { parts, name, nonces: createNonces(randomBytes(32)) };
  return await lan.listenHttp(
    {
      port,
      tls,
      onGarbled: (from) => {
        const seen = { at: world.now(), from: showPeer(from) };
        tell({ kind: 'garbled', door: name, because: 'bad-value', offset: 0, bytes: 0, ...seen });
      },
      onTlsRefused: (from, because, detail) =>
        tell({ at: world.now(), from: showPeer(from), kind: 'tls-refused', door: name, because, detail }),
      onTrouble: (error) => {
        const hint = 'phones ask again by themselves; look at the log if this repeats';
        tell({ at: world.now(), kind: 'fault', code: 'http-trouble', message: error.message, hint });
      },
    },
    async (request) => await answer(door, request),
  );
}

interface Refusing {
  readonly because: Reason;
  readonly detail?: string | undefined;
  /** Somebody may be after the passwords of a phone. */
  readonly alarm?: boolean | undefined;
  readonly challenges?: readonly string[] | undefined;
}

async function answer(door: OpenDoor, request: PlainRequest): Promise<PlainAnswer> {
  const { desk } = door.parts;
  const decision = decideHttp(request);
  const entry = enter(door, request, decision);
  if ('because' in entry) return refuse(door, { request, decision }, entry);
  if (decision.kind === 'refuse') return refuse(door, { request, decision }, decision);
  const { name } = decision;
  const asks = {
    door: door.name,
    name,
    from: request.from,
    userAgent: request.headers['user-agent'],
    acceptsGzip: acceptsGzip(request.headers['accept-encoding']),
    proof: entry.proof,
  };
  if (decision.kind === 'take') return await takeUpload(desk, { length: decision.length, ...asks }, request);
  const file = await desk.ask(decision.head ? { look: true, ...asks } : asks);
  if (file.kind === 'refused' && file.detail === undefined && file.because === 'no-such-file') {
    const macro = unfilledIn(name);
    if (macro !== undefined) return refusal({ ...file, detail: `the phone should have filled in ${macro}` });
  }
  return answerWith(file, request);
}

/** What must be right before the desk is asked, and what the peer has proven on the way. */
function enter(
  { parts, nonces }: OpenDoor,
  request: PlainRequest,
  { name }: HttpDecision,
): { readonly proof: Proof | undefined } | Refusing {
  const { lan, tls, accounts, world } = parts;
  if (!isWithin(lan.subnet, request.from.address)) return { because: 'sender-off-the-lan' };
  let certificate: Proof['certificate'];
  if (tls?.clients !== undefined) {
    const { ask } = tls.clients;
    const verdict = decideCertificate({
      catalogue: parts.catalogue,
      ...{ certificate: request.certificate, ask, name },
    });
    if (verdict.kind === 'refuse') return { alarm: verdict.because !== 'certificate-needed', ...verdict };
    certificate = verdict.proof;
  }
  let account: string | undefined;
  if (accounts.length > 0) {
    const signIn = decideSignIn({ request, name, accounts, nonces, now: world.now() });
    if (signIn.kind === 'challenge') return signIn;
    if (signIn.kind === 'known') account = signIn.account;
  }
  return { proof: certificate === undefined && account === undefined ? undefined : { certificate, account } };
}

interface Asked {
  readonly request: PlainRequest;
  readonly decision: HttpDecision;
}

function refuse(
  { name, parts: { world, tell } }: OpenDoor,
  { request, decision }: Asked,
  { because, detail, alarm, challenges }: Refusing,
): PlainAnswer {
  tell({
    kind: 'refused',
    at: world.now(),
    from: showPeer(request.from),
    door: name,
    file: decision.name.replace(/^\/+/, ''),
    ...{ because, detail },
    ...(alarm === true ? { alarm } : {}),
    ...(decision.kind === 'take' ? { writing: true } : {}),
  });
  const answer = refusal({ because, detail });
  return challenges === undefined ? answer : { ...answer, challenges };
}
