// Wake-ups of phones that take them as a GET at their web server (vendor data says which path).
import { fromLatin1, latin1, printable } from '../base/bytes.ts';
import { messageOf } from '../base/fault.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import type { World } from '../base/world.ts';
import type { Lan, Peer } from '../net/ports.ts';
import { type Answered, answerChallenge, authHeaders, type Credentials } from './auth.ts';
import type { SipHeader, SipRequest, SipResponse } from './message.ts';
import type { WakeEnd } from './wake.ts';

export interface GetParts {
  readonly lan: Pick<Lan, 'dialTcp'>;
  readonly world: World;
}

export interface GetWanted {
  readonly address: Ipv4;
  readonly credentials?: Credentials | undefined;
}

const HTTP_PORT = 80;
const TIMEOUT = 10_000;
/** The head is all that counts. */
const LONGEST_HEAD = 16_384;

/** Asks for the path, with the password where the phone wants one. Its answer tells as much as that to a NOTIFY. */
export async function getPath(
  parts: GetParts,
  { address, credentials }: GetWanted,
  path: string,
): Promise<WakeEnd> {
  const to = { address, port: HTTP_PORT };
  const request: SipRequest = {
    kind: 'request',
    method: 'GET',
    uri: path,
    headers: [],
    body: new Uint8Array(),
  };
  let answered: readonly Answered[] = [];
  try {
    for (;;) {
      const response = await getHead(parts, to, headOf(to, path, authHeaders(answered)));
      if (response === undefined) return { kind: 'unanswered', tries: 1 };
      const { status } = response;
      const end = { kind: 'answered', status, reason: printable(response.reason, 64) } as const;
      if (status !== 401) return end;
      const cnonce = Math.floor(parts.world.random() * 2 ** 32).toString(16);
      const next = answerChallenge({ response, request, credentials, before: answered, cnonce });
      if (typeof next === 'string') return { ...end, auth: next };
      answered = next;
    }
  } catch (error) {
    return { kind: 'unanswered', tries: 0, trouble: messageOf(error) };
  }
}

function headOf({ address }: Peer, path: string, auth: readonly SipHeader[]): Uint8Array {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${showIpv4(address)}`,
    'User-Agent: unboxd',
    'Connection: close',
    ...auth.map(({ name, value }) => `${name}: ${value}`),
  ];
  return fromLatin1(`${lines.join('\r\n')}\r\n\r\n`);
}

/** The head of the answer; undefined when the connection ends without one. */
async function getHead(
  { lan, world }: GetParts,
  to: Peer,
  request: Uint8Array,
): Promise<SipResponse | undefined> {
  let text = '';
  let settle: (response: SipResponse | undefined) => void = () => undefined;
  const done = new Promise<SipResponse | undefined>((resolve) => {
    settle = resolve;
  });
  const onBytes = (bytes: Uint8Array): void => {
    text += latin1(bytes);
    if (/\r?\n\r?\n/.test(text) || text.length > LONGEST_HEAD) settle(readHead(text));
  };
  const onClose = (): void => settle(readHead(text));
  const stream = await lan.dialTcp({ to, timeoutMs: TIMEOUT }, { onBytes, onEnd: onClose, onClose });
  const cancel = world.after(TIMEOUT, () => settle(undefined));
  try {
    await stream.send(request);
    return await done;
  } finally {
    cancel();
    stream.destroy();
  }
}

function readHead(text: string): SipResponse | undefined {
  const [first = '', ...lines] = (text.split(/\r?\n\r?\n/, 1)[0] ?? '').split(/\r?\n/);
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first) ?? [];
  if (status === undefined) return undefined;
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }];
  });
  return { kind: 'response', status: Number(status), reason, headers, body: new Uint8Array() };
}
