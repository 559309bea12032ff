// A fleet of DHCP clients, as many at a time as it is told, each through a whole exchange (DISCOVER, OFFER, REQUEST,
// ACK): as a relay inside the subnet, or as phones without an address that call to everybody.
//   dhcp-fleet.ts --server 10.99.0.1 --from 10.99.0.2 --clients 10000 --window 64 --limit 8
//   dhcp-fleet.ts --broadcast --clients 48 --window 48 --limit 40
// On purpose nothing comes from src/dhcp. One buffer per place in the window, one pass over the options, no objects per
// message: the less it does itself, the more it asks of the server. Prints one JSON line.
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { macOf } from './content.ts';
import { percentile, stored } from './numbers.ts';

export interface FleetResult {
  readonly bound: number;
  readonly perSecond: number;
  /** From the first DISCOVER to the last ACK. */
  readonly seconds: number;
  /** Of whole exchanges, repeats included. */
  readonly p50ms: number | null;
  readonly p99ms: number | null;
  /** Repeated for want of an answer. */
  readonly sentAgain: number;
  readonly naks: number;
  /** ACKs for an address that another client of the fleet has. */
  readonly twice: number;
  /** ACKs without one of the options asked for, or with an empty one. */
  readonly lacking: number;
  /** Of its core. Near 100 the fleet is what bounds the rate. */
  readonly loaderPercent: number;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '10.99.0.1' },
    from: { type: 'string', default: '10.99.0.2' },
    clients: { type: 'string', default: '1000' },
    window: { type: 'string', default: '64' },
    first: { type: 'string', default: '0' },
    limit: { type: 'string', default: '10' },
    broadcast: { type: 'boolean', default: false },
    wants: { type: 'string', default: '43,66,150' },
    /** A file for a line of MAC and address per ACK. */
    acked: { type: 'string' },
    /** A server to kill so many ms after the first DISCOVER. */
    kill: { type: 'string' },
    'kill-after': { type: 'string', default: '300' },
  },
});
const { server, from, broadcast } = values;
const clients = Number(values.clients);
const places = Math.min(clients, Number(values.window));
const first = Number(values.first);
const limitMs = Number(values.limit) * 1000;
/** RFC 2131 section 4.1: phones wait 4 s and double it. A relay's clients are asked for sooner, to keep up the load. */
const [PATIENCE_MS, GROWTH] = broadcast ? [4000, 2] : [1000, 1];
/** What the server had sent before it was killed still comes in. */
const LAST_WORDS_MS = 200;
const TICK_MS = 20;

// RFC 2131 figure 1 and RFC 2132.
const [SERVER_PORT, CLIENT_PORT, COOKIE, OPTIONS_AT, LENGTH] = [67, 68, 0x63825363, 240, 300];
const [DISCOVER, OFFER, REQUEST, ACK, NAK] = [1, 2, 3, 5, 6];
const ASKS = [1, 3, 6, 43, 66, 150];
const KIND_AT = OPTIONS_AT + 2;
const CHOICE_AT = OPTIONS_AT + 3 + 2 + ASKS.length;
/** Requested address, server identifier, end. */
const CHOICE = Buffer.from([50, 4, 0, 0, 0, 0, 54, 4, 0, 0, 0, 0, 255]);

/** By option code: its bit among those wanted. */
const wantedBit = new Uint8Array(256);
const wants = values.wants.split(',').filter(Boolean).map(Number);
for (const [index, code] of wants.entries()) wantedBit[code] = 1 << index;
const wantedBits = (1 << wants.length) - 1;

const macs = Buffer.alloc(6 * clients);
for (let client = 0; client < clients; client += 1) macs.write(macOf(first + client), 6 * client, 'hex');
const messages = Array.from({ length: places }, () => blank());
/** Per place: its client, when it began, when it last sent, how often it sent that. */
const clientAt = new Int32Array(places);
const beganAt = new Float64Array(places);
const sentAt = new Float64Array(places);
const tries = new Uint8Array(places);
/** Per client: its place while it has one, what it got, how long it took. */
const placeOf = new Int32Array(clients).fill(-1);
const addressOf = new Uint32Array(clients);
const took = new Float64Array(clients);
/** By the last two bytes of the address: one more than its client. */
const holderOf = new Int32Array(65_536);
/** What the options of a message told. */
const seen = { kind: 0, server: 0, wanted: 0 };

let [begun, bound, sentAgain, naks, twice, lacking] = [0, 0, 0, 0, 0, 0];
let lastAckAt = 0;
let endsAt = Number.POSITIVE_INFINITY;

const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
// A server that has been killed makes errors of what is sent to it.
socket.on('error', () => undefined);
socket.on('message', hear);
await open();
const cpuFrom = process.cpuUsage();
const startedAt = performance.now();
endsAt = startedAt + limitMs;
const killing = values.kill === undefined ? undefined : setTimeout(killServer, Number(values['kill-after']));
const ticking = setInterval(tick, TICK_MS);
for (let place = 0; place < places; place += 1) beginNext(place);

async function open(): Promise<void> {
  const at = broadcast ? { port: CLIENT_PORT, address: '0.0.0.0' } : { port: SERVER_PORT, address: from };
  await new Promise<void>((done) => socket.bind(at, done));
  socket.setRecvBufferSize(4 * 1024 * 1024);
  if (broadcast) socket.setBroadcast(true);
  // Connected sockets save Node a look at the address each time.
  else await new Promise<void>((done) => socket.connect(SERVER_PORT, server, done));
}

function blank(): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  bytes.set([1, 1, 6, broadcast ? 0 : 1]); // BOOTREQUEST, Ethernet, one hop
  if (broadcast) bytes.writeUInt16BE(0x8000, 10);
  else bytes.set(from.split('.').map(Number), 24); // giaddr
  bytes.writeUInt32BE(COOKIE, 236);
  bytes.set([53, 1, DISCOVER, 55, ASKS.length, ...ASKS], OPTIONS_AT);
  return bytes;
}

function beginNext(place: number): void {
  if (begun >= clients) return;
  const client = begun;
  begun += 1;
  clientAt[place] = client;
  placeOf[client] = place;
  const bytes = messageAt(place);
  bytes.writeUInt32BE(client + 1, 4);
  macs.copy(bytes, 28, 6 * client, 6 * client + 6);
  beganAt[place] = performance.now();
  discover(place);
}

function discover(place: number): void {
  const bytes = messageAt(place);
  bytes[KIND_AT] = DISCOVER;
  bytes.fill(0, CHOICE_AT);
  bytes[CHOICE_AT] = 255;
  send(place);
}

/** Asks for what was offered. */
function request(place: number, offer: Buffer): void {
  const bytes = messageAt(place);
  bytes[KIND_AT] = REQUEST;
  CHOICE.copy(bytes, CHOICE_AT);
  offer.copy(bytes, CHOICE_AT + 2, 16, 20);
  bytes.writeUInt32BE(seen.server, CHOICE_AT + 8);
  send(place);
}

function send(place: number): void {
  tries[place] = 0;
  sentAt[place] = performance.now();
  transmit(place);
}

function transmit(place: number): void {
  if (broadcast) socket.send(messageAt(place), SERVER_PORT, '255.255.255.255', ignore);
  else socket.send(messageAt(place), ignore);
}

function ignore(): void {
  // What is not sent is sent again.
}

function hear(bytes: Buffer): void {
  if (bytes.length <= OPTIONS_AT || bytes[0] !== 2) return;
  const client = bytes.readUInt32BE(4) - 1;
  const place = placeOf[client] ?? -1;
  if (place < 0 || bytes.compare(macs, 6 * client, 6 * client + 6, 28, 34) !== 0) return;
  readOptions(bytes);
  const asked = messageAt(place)[KIND_AT];
  if (seen.kind === OFFER && asked === DISCOVER) {
    request(place, bytes);
  } else if (seen.kind === ACK && asked === REQUEST) {
    take(client, place, bytes.readUInt32BE(16));
  } else if (seen.kind === NAK && asked === REQUEST) {
    naks += 1;
    discover(place);
  }
}

function readOptions(bytes: Buffer): void {
  seen.kind = 0;
  seen.wanted = 0;
  for (let at = OPTIONS_AT; at + 1 < bytes.length; ) {
    const code = bytes[at] ?? 255;
    if (code === 255) return;
    if (code === 0) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (code === 53) seen.kind = bytes[at + 2] ?? 0;
    else if (code === 54) seen.server = bytes.readUInt32BE(at + 2);
    else if (length > 0) seen.wanted |= wantedBit[code] ?? 0;
    at += 2 + length;
  }
}

function take(client: number, place: number, address: number): void {
  lastAckAt = performance.now();
  bound += 1;
  took[client] = lastAckAt - (beganAt[place] ?? 0);
  addressOf[client] = address;
  placeOf[client] = -1;
  clientAt[place] = -1;
  const holder = holderOf[address & 0xffff] ?? 0;
  if (holder !== 0) twice += 1;
  holderOf[address & 0xffff] = client + 1;
  if (seen.wanted !== wantedBits) lacking += 1;
  if (bound === clients) finish();
  else beginNext(place);
}

function tick(): void {
  const now = performance.now();
  if (now >= endsAt) {
    finish();
    return;
  }
  for (let place = 0; place < places; place += 1) {
    if ((clientAt[place] ?? -1) < 0) continue;
    const patience = PATIENCE_MS * GROWTH ** (tries[place] ?? 0);
    if (now - (sentAt[place] ?? now) < patience) continue;
    tries[place] = (tries[place] ?? 0) + 1;
    sentAt[place] = now;
    sentAgain += 1;
    transmit(place);
  }
}

function killServer(): void {
  process.kill(Number(values.kill), 'SIGKILL');
  endsAt = performance.now() + LAST_WORDS_MS;
}

function finish(): void {
  clearInterval(ticking);
  clearTimeout(killing);
  socket.close();
  const { user, system } = process.cpuUsage(cpuFrom);
  const wallMs = performance.now() - startedAt;
  const ms = lastAckAt - startedAt;
  const times = [...took].filter((_, client) => addressOf[client] !== 0);
  if (values.acked !== undefined) writeFileSync(values.acked, ackedLines());
  const result: FleetResult = {
    bound,
    perSecond: bound === 0 ? 0 : (1000 * bound) / ms,
    seconds: Math.max(0, ms) / 1000,
    p50ms: stored(percentile(times, 50)),
    p99ms: stored(percentile(times, 99)),
    sentAgain,
    naks,
    twice,
    lacking,
    loaderPercent: (user + system) / 10 / wallMs,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function ackedLines(): string {
  let lines = '';
  for (let client = 0; client < begun; client += 1) {
    const address = addressOf[client] ?? 0;
    if (address === 0) continue;
    const dotted = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
    lines += `${macs.toString('hex', 6 * client, 6 * client + 6)} ${dotted}\n`;
  }
  return lines;
}

function messageAt(place: number): Buffer {
  const bytes = messages[place];
  if (bytes === undefined) throw new RangeError(`no place ${place} in the window`);
  return bytes;
}
