// Wake-ups over a connection: what phones say there, in what pieces, and on which of two connections.
import { expect, test } from 'vitest';
import type { TcpHandlers } from '../../src/net/ports.ts';
import { encodeMessage } from '../../src/sip/message.ts';
import { wakeRequest } from '../../src/sip/notify.ts';
import { streamCarrier } from '../../src/sip/wake-stream.ts';
import { fakeWorld } from '../fakes/world.ts';
import { address, PHONE, respond } from './wake-kit.ts';

const SERVER = { address: address('10.1.0.1'), port: 5060 };
const TO = { address: PHONE, port: 5060 };
const ASKED = wakeRequest({
  ...{ event: 'check-sync', to: TO, from: SERVER, transport: 'tcp' },
  ...{ callId: 'c', tag: 't', branch: 'z9hG4bKb' },
});
const answer = (status: number): string => Buffer.from(encodeMessage(respond(ASKED, { status }))).toString();
const withoutLength = (status: number): string => answer(status).replace(/Content-Length: .*\r\n/, '');
const OK = answer(200);

/** A phone that is dialled: the handlers of each connection, in order. */
function phone() {
  const world = fakeWorld();
  const dialled: TcpHandlers[] = [];
  const dialTcp = async (_: unknown, handlers: TcpHandlers) => {
    dialled.push(handlers);
    return await Promise.resolve({
      ...{ near: SERVER, far: TO },
      send: async () => await Promise.resolve(true),
      ...{ hold: () => undefined, go: () => undefined, end: () => undefined, destroy: () => undefined },
    });
  };
  const carrier = streamCarrier({ lan: { dialTcp }, world }, TO, 'tcp');
  const say = (text: string, connection = 0): void =>
    dialled[connection]?.onBytes(Buffer.from(text, 'latin1'));
  return { world, carrier, dialled, say };
}

test.each([
  { what: 'whole', said: [OK] },
  { what: 'byte for byte', said: [...OK] },
  { what: 'after line ends that keep it open', said: ['\r\n\r\n', `\r\n${OK}`] },
  { what: 'after 100 Trying', said: [answer(100) + OK] },
  { what: 'without Content-Length', said: [withoutLength(200)] },
  {
    what: 'without Content-Length after a 100 of the same kind',
    said: [withoutLength(100) + withoutLength(200)],
  },
  { what: 'after what is no SIP', said: ['HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', OK] },
])('an answer that comes $what is heard', async ({ said }) => {
  const { carrier, say } = phone();
  await carrier.open(SERVER);
  const asked = carrier.ask(ASKED);
  for (const text of said) say(text);
  expect(await asked).toMatchObject({ end: { kind: 'answered', status: 200 } });
});

test('who says more than a phone does is not listened to', async () => {
  const { carrier, say } = phone();
  await carrier.open(SERVER);
  const asked = carrier.ask(ASKED);
  say('x'.repeat(70_000));
  say(OK);
  expect(await asked).toEqual({ end: { kind: 'unanswered', tries: 1 } });
});

test('what a connection left half said is no part of what the next one says', async () => {
  const { carrier, say, dialled } = phone();
  await carrier.open(SERVER);
  const first = carrier.ask(ASKED);
  say(`${answer(401)}${OK.slice(0, 40)}`);
  expect(await first).toMatchObject({ end: { status: 401 } });
  dialled[0]?.onEnd();
  await carrier.open(SERVER);
  const second = carrier.ask(ASKED);
  say(OK, 1);
  expect(await second).toMatchObject({ end: { status: 200 } });
  expect(dialled).toHaveLength(2);
});
