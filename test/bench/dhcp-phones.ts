// Whole DHCP exchanges at a steady rate, by a relay inside the subnet: how long each OFFER and each ACK took.
//   dhcp-phones.ts --server 10.99.0.1 --from 10.99.0.2 --rate 500 --seconds 8 --warm 2 --after 1000
// perfdhcp tells averages alone. On purpose nothing comes from src/dhcp. Prints one JSON line.
import { createSocket } from 'node:dgram';
import { parseArgs } from 'node:util';
import { macOf } from './content.ts';
import { percentile, stored } from './numbers.ts';

/** In ms. */
export interface Waits {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface DhcpResult {
  readonly begun: number;
  readonly bound: number;
  readonly offer: Waits;
  readonly ack: Waits;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '127.0.0.1' },
    from: { type: 'string', default: '127.0.0.1' },
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '8' },
    warm: { type: 'string', default: '2' },
    after: { type: 'string', default: '0' },
  },
});
const { server, from } = values;
const gap = 1000 / Number(values.rate);
const total = Math.round((Number(values.warm) + Number(values.seconds)) * Number(values.rate));
/** Before it, code is still being compiled: that is felt once and by the first phones alone. */
const firstCounted = Math.round(Number(values.warm) * Number(values.rate));
const PATIENCE_MS = 1500;
/** Beside the phones that fetch files. */
const FIRST_PHONE = 10_000;

// RFC 2131 figure 1 and RFC 2132.
const [SERVER_PORT, COOKIE, OPTIONS_AT] = [67, 0x63825363, 240];
const [DISCOVER, OFFER, REQUEST, ACK] = [1, 2, 3, 5];
const ASKS = [55, 4, 1, 3, 6, 66];

const sentAt = new Map<number, number>();
const offers: number[] = [];
const acks: number[] = [];
let bound = 0;
const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
socket.on('message', (bytes: Buffer) => {
  const phone = bytes.readUInt32BE(4);
  const began = sentAt.get(phone);
  if (began === undefined) return;
  const waited = performance.now() - began;
  const kind = bytes[bytes.indexOf(Buffer.from([53, 1]), OPTIONS_AT) + 2];
  const isCounted = phone >= firstCounted;
  if (kind === OFFER) {
    if (isCounted) offers.push(waited);
    ask(phone, [53, 1, REQUEST, 50, 4, ...bytes.subarray(16, 20), 54, 4, ...dotted(server), ...ASKS, 255]);
  } else if (kind === ACK) {
    bound += 1;
    if (isCounted) acks.push(waited);
    sentAt.delete(phone);
  }
});
await new Promise<void>((done) => socket.bind(SERVER_PORT, from, done));
await pause(Number(values.after));

const started = performance.now();
for (let phone = 0; phone < total; ) {
  const due = Math.min(total, Math.floor((performance.now() - started) / gap) + 1);
  for (; phone < due; phone += 1) ask(phone, [53, 1, DISCOVER, ...ASKS, 255]);
  await pause(1);
}
await pause(PATIENCE_MS);
socket.close();
const result: DhcpResult = { begun: total, bound, offer: waitsOf(offers), ack: waitsOf(acks) };
process.stdout.write(`${JSON.stringify(result)}\n`);

function ask(phone: number, options: readonly number[]): void {
  const bytes = Buffer.alloc(OPTIONS_AT + options.length);
  bytes.set([1, 1, 6, 1]); // BOOTREQUEST, Ethernet, one hop
  bytes.writeUInt32BE(phone, 4);
  bytes.set(dotted(from), 24); // giaddr
  bytes.write(macOf(FIRST_PHONE + phone), 28, 'hex');
  bytes.writeUInt32BE(COOKIE, 236);
  bytes.set(options, OPTIONS_AT);
  sentAt.set(phone, performance.now());
  socket.send(bytes, SERVER_PORT, server);
}

function dotted(address: string): number[] {
  return address.split('.').map(Number);
}

async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
}

function waitsOf(times: readonly number[]): Waits {
  return {
    p50: stored(percentile(times, 50)),
    p99: stored(percentile(times, 99)),
    max: stored(percentile(times, 100)),
  };
}
