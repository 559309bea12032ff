// The HTTPS listener on loopback with real handshakes: what phones show, and why they fail.
import { connect as connectPlain } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { Closable, World } from '../../src/base/world.ts';
import { openLan } from '../../src/net/lan.ts';
import type { PlainRequest, TlsDoor } from '../../src/net/ports.ts';
import { tlsRefusal } from '../../src/net/tls.ts';
import { realWorld } from '../../src/net/world.ts';
import { authority, issue, phoneCertificate, YEAR } from '../certs/kit.ts';

const ours = authority('unboxd CA');
const makers = authority('Maker Root');
const server = issue({ subject: [['CN', 'unboxd']], signer: ours, names: ['unboxd'], uses: 'serverAuth' });

const opened: Closable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function door(tls: Partial<TlsDoor> = {}, world: World = realWorld()) {
  const refused: string[] = [];
  const requests: PlainRequest[] = [];
  const listener = await openLan({ interface: 'lo', world }).listenHttp(
    {
      port: 0,
      tls: { ...server, ...tls },
      onTrouble: (error) => refused.push(`trouble: ${error.message}`),
      onGarbled: () => refused.push('garbled'),
      onTlsRefused: (from, why) =>
        refused.push(from.port > 0 && from.address !== 0 ? why : `${why} from nowhere`),
    },
    async (request) => {
      requests.push(request);
      return await Promise.resolve({ status: 200, headers: {}, body: Buffer.from('hello') });
    },
  );
  opened.push(listener);
  return { port: listener.port, refused, requests, listener };
}

/** One request over TLS; what comes back, or the code of the error. */
async function fetched(port: number, options: ConnectionOptions = {}): Promise<string> {
  return await new Promise((resolve) => {
    const socket: TLSSocket = connect({
      port,
      host: '127.0.0.1',
      ca: [ours.certificate],
      servername: 'unboxd',
      ...options,
    });
    const chunks: Buffer[] = [];
    socket.on('secureConnect', () => socket.write('GET /a HTTP/1.1\r\nConnection: close\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

const clients = { ask: 'optional', authorities: [makers.certificate] } as const;
const MAC = '000e08abcdef';
const now = Date.now();

test.each([
  {
    when: 'a certificate of a trusted maker',
    shown: phoneCertificate(makers, MAC),
    trust: { isTrusted: true },
  },
  {
    when: 'a certificate of its own making',
    shown: phoneCertificate(undefined, MAC),
    trust: { isTrusted: false, why: 'it signed itself' },
  },
  {
    when: 'a certificate of another maker',
    shown: phoneCertificate(authority('Other Root'), MAC),
    trust: { isTrusted: false, why: 'no authority in doors.https.authorities signed it' },
  },
  {
    when: 'a certificate in the past',
    shown: phoneCertificate(makers, MAC, { from: now - 2 * YEAR, to: now - YEAR }),
    trust: { isTrusted: false, why: 'it has run out, by the clock of this appliance' },
  },
  {
    when: 'a certificate to come',
    shown: phoneCertificate(makers, MAC, { from: now + YEAR, to: now + 2 * YEAR }),
    trust: { isTrusted: false, why: 'it is not valid yet, by the clock of this appliance' },
  },
  {
    when: 'a certificate for servers',
    shown: phoneCertificate(makers, MAC, { uses: 'serverAuth' }),
    trust: { isTrusted: false, why: 'it is not for clients' },
  },
])('a phone with $when is heard, and the certificate told as it is', async ({ shown, trust }) => {
  const { port, requests, refused } = await door({ clients });
  const client = { cert: shown.certificate, key: shown.key };
  expect(await fetched(port, client)).toMatch(/hello$/);
  expect(requests[0]?.certificate).toEqual({
    subject: `O=Example Phones, Inc., OU=CP-6841-3PCC, L=88012BA01234, SN=${MAC}`,
    values: ['Example Phones, Inc.', 'CP-6841-3PCC', '88012BA01234', MAC],
    ...trust,
  });
  expect(refused).toEqual([]);
});

test('a phone without a certificate has none, asked or not', async () => {
  for (const tls of [{ clients }, { clients: { ...clients, ask: 'required' as const } }, {}]) {
    const { port, requests } = await door(tls);
    expect(await fetched(port)).toMatch(/hello$/);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.certificate).toBeUndefined();
  }
});

test('a certificate that nobody asked for is not looked at', async () => {
  const { certificate, key } = phoneCertificate(makers, MAC);
  const { port, requests } = await door();
  expect(await fetched(port, { cert: certificate, key })).toMatch(/hello$/);
  expect(requests[0]?.certificate).toBeUndefined();
});

test('a resumed session keeps the certificate of its phone and no other', async () => {
  const { certificate, key } = phoneCertificate(makers, MAC);
  const { port, requests } = await door({ clients });
  const sessions: Buffer[] = [];
  await new Promise<void>((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: [ours.certificate],
      servername: 'unboxd',
      cert: certificate,
      key,
    });
    socket.on('session', (session: Buffer) => sessions.push(session));
    socket.on('secureConnect', () => socket.write('GET /a HTTP/1.1\r\nConnection: close\r\n\r\n'));
    socket.resume().on('close', () => resolve());
  });
  const session = sessions.at(-1);
  const resumed: boolean[] = [];
  await new Promise<void>((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: [ours.certificate],
      servername: 'unboxd',
      session,
    });
    socket.on('secureConnect', () => {
      resumed.push(socket.isSessionReused());
      socket.write('GET /a HTTP/1.1\r\nConnection: close\r\n\r\n');
    });
    socket.resume().on('close', () => resolve());
  });
  expect(resumed).toEqual([true]);
  expect(requests.map((request) => request.certificate?.isTrusted)).toEqual([true, true]);
  expect(requests[1]?.certificate?.values).toContain(MAC);
});

const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;

test('TLS 1.0 is refused and told by the modern door', async () => {
  const { port, refused } = await door();
  expect(await fetched(port, OLD)).toMatch(/^ERR_SSL_.*PROTOCOL_VERSION$/);
  await expect.poll(() => refused).toEqual(['tls-too-old']);
});

test.each([
  { what: 'TLS 1.0', options: OLD },
  { what: 'TLS 1.1', options: { ...OLD, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } },
  { what: 'TLS 1.0 with AES128-SHA', options: { ...OLD, ciphers: 'AES128-SHA:@SECLEVEL=0' } },
  { what: 'TLS 1.0 with DHE', options: { ...OLD, ciphers: 'DHE-RSA-AES128-SHA:@SECLEVEL=0' } },
  { what: 'today’s TLS', options: {} },
] as const)('the legacy door serves $what', async ({ options }) => {
  const { port, refused } = await door({ isLegacy: true });
  expect(await fetched(port, options)).toMatch(/hello$/);
  expect(refused).toEqual([]);
});

test('the legacy door gives nothing without a certificate of its own', async () => {
  const { port, refused } = await door({ isLegacy: true });
  expect(await fetched(port, { ...OLD, ciphers: 'ADH-AES128-SHA:@SECLEVEL=0' })).toMatch(
    /HANDSHAKE_FAILURE$/,
  );
  await expect.poll(() => refused).toEqual(['tls-no-common-cipher']);
});

test('ciphers that do not meet are told', async () => {
  const { port, refused } = await door();
  const options = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
  expect(await fetched(port, options)).toMatch(/HANDSHAKE_FAILURE$/);
  await expect.poll(() => refused).toEqual(['tls-no-common-cipher']);
});

test.each([
  { when: 'plain HTTP', bytes: 'GET /a HTTP/1.0\r\n\r\n', why: 'tls-plain-http' },
  { when: 'no protocol at all', bytes: 'hello, is anybody there?\r\n', why: 'tls-not-tls' },
  { when: 'half a handshake', bytes: '\x16\x03\x01\x02\x00\x01\x00', why: 'tls-cut-off' },
])('$when is told as $why, and the door stays open', async ({ bytes, why }) => {
  const { port, refused } = await door();
  const socket = connectPlain(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.end(Buffer.from(bytes, 'latin1'));
  await expect.poll(() => refused).toEqual([why]);
  expect(await fetched(port)).toMatch(/hello$/);
});

test('a peer that fails again and again is told every ten seconds, another trouble of it at once', async () => {
  let now = 0;
  const { port, refused } = await door({}, { ...realWorld(), now: () => now });
  for (let times = 0; times < 5; times += 1) expect(await fetched(port, OLD)).toMatch(/PROTOCOL_VERSION$/);
  connectPlain(port, '127.0.0.1').end('GET / HTTP/1.0\r\n\r\n');
  await expect.poll(() => refused).toEqual(['tls-too-old', 'tls-plain-http']);
  now = 9999;
  await fetched(port, OLD);
  now = 10_000;
  await fetched(port, OLD);
  await expect.poll(() => refused).toEqual(['tls-too-old', 'tls-plain-http', 'tls-too-old']);
});

test('closing waits for nobody who connected and says nothing, and blames him for nothing', async () => {
  const { port, refused, listener } = await door();
  const silent = connectPlain(port, '127.0.0.1');
  silent.on('error', () => undefined);
  await new Promise((connected) => silent.once('connect', connected));
  // Behind it in the queue: when this one is answered, that one was accepted.
  expect(await fetched(port)).toMatch(/hello$/);
  const gone = new Promise((closed) => silent.once('close', closed));
  await listener.close();
  await gone;
  expect(refused).toEqual([]);
});

/** As OpenSSL words them; the alerts of real phones are tried in the lab. */
test.each([
  [48, 'tls-unknown-ca'],
  [42, 'tls-bad-certificate'],
  [45, 'tls-certificate-expired'],
  [46, 'tls-certificate-refused'],
  [40, 'tls-no-common-cipher'],
  [70, 'tls-too-new'],
])('alert %i means %s', (alert, why) => {
  const message = `00:error:0A000418:SSL routines:ssl3_read_bytes:an alert:rec_layer_s3.c:1601:SSL alert number ${alert}\n`;
  expect(tlsRefusal(Object.assign(new Error(message), { code: 'ERR_SSL_ANY' }))).toEqual({ why });
});

test('what is not known is told in the words of the library', () => {
  const error = Object.assign(new Error('long'), {
    code: 'ERR_SSL_DIGEST_CHECK_FAILED',
    reason: 'digest check failed',
  });
  expect(tlsRefusal(error)).toEqual({ why: 'tls-failed', detail: 'digest check failed' });
  expect(tlsRefusal(new Error('what'))).toEqual({ why: 'tls-failed' });
  expect(tlsRefusal(Object.assign(new Error('x'), { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }))).toEqual({
    why: 'tls-silent',
  });
});
