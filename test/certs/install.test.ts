// What an installer is told of a certificate that an outside authority signed.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { judge } from '../../src/certs/install.ts';
import { authority, issue, YEAR } from './kit.ts';

const NOW = Date.UTC(2027, 5, 1);
const NAMES = { names: ['prov.example.com'], addresses: [] };
const dates = { from: NOW - YEAR, to: NOW + YEAR };

const root = issue({ subject: [['CN', 'Root']], isAuthority: true, ...dates });
const middle = issue({ subject: [['CN', 'Middle']], isAuthority: true, signer: root, ...dates });
const subject = [['CN', 'prov.example.com']] as const;
const server = issue({ subject, signer: middle, names: NAMES.names, uses: 'serverAuth', ...dates });
const VALID =
  'Valid from 2026-06-01 to 2028-05-31: a phone whose clock stands elsewhere refuses it, so give phones the time (DHCP option 42).';

const subjectsOf = (pem: string | undefined) =>
  (pem?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (one) => new X509Certificate(one).subject,
  );

function judged(certificate: string | Uint8Array, key: string = server.key) {
  return judge({ certificate: Buffer.from(certificate), key, names: NAMES, now: NOW });
}

test('a chain in order is taken as it is', () => {
  const { mistakes, remarks, identity } = judged(server.certificate + middle.certificate + root.certificate);
  expect({ mistakes, remarks }).toEqual({ mistakes: [], remarks: [VALID] });
  expect(subjectsOf(identity?.certificate)).toEqual(['CN=prov.example.com', 'CN=Middle', 'CN=Root']);
  expect(identity?.key).toBe(server.key);
});

test('a chain in disorder is put in order; strangers are left out', () => {
  const shuffled = judged(root.certificate + middle.certificate + server.certificate);
  expect(shuffled.remarks).toEqual([
    'The certificates were not in order; they are installed with the server first.',
    VALID,
  ]);
  expect(subjectsOf(shuffled.identity?.certificate)).toEqual(['CN=prov.example.com', 'CN=Middle', 'CN=Root']);
  const stranger = judged(server.certificate + authority('Stranger').certificate + middle.certificate);
  expect(stranger.remarks).toEqual([
    'Left out, since it signed none of the others: CN=Stranger.',
    'Phones must know the authority that signed it: CN=Root.',
    VALID,
  ]);
  expect(subjectsOf(stranger.identity?.certificate)).toEqual(['CN=prov.example.com', 'CN=Middle']);
});

test('DER is taken too', () => {
  const { identity, remarks } = judged(new X509Certificate(server.certificate).raw);
  expect(subjectsOf(identity?.certificate)).toEqual(['CN=prov.example.com']);
  expect(remarks[0]).toBe('Phones must know the authority that signed it: CN=Middle.');
});

const locked = createPrivateKey(server.key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })
  .toString();

test.each([
  { when: 'no certificate', certificate: 'hello', key: server.key, says: 'holds no certificate' },
  { when: 'an empty file', certificate: '', key: server.key, says: 'holds no certificate' },
  {
    when: 'a damaged certificate',
    certificate: server.certificate.replace(/\n..../, '\nAAAA'),
    key: server.key,
    says: 'damaged',
  },
  { when: 'the key of another', certificate: server.certificate, key: root.key, says: 'does not belong' },
  { when: 'a locked key', certificate: server.certificate, key: locked, says: 'locked with a pass phrase' },
  { when: 'a key that is none', certificate: server.certificate, key: 'hello', says: 'no private key' },
  {
    when: 'an authority',
    certificate: middle.certificate,
    key: middle.key,
    says: 'is an authority, not a server',
  },
])('$when is a mistake: $says', ({ certificate, key, says }) => {
  const { mistakes, identity } = judged(certificate, key);
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(says);
  expect(identity).toBeUndefined();
  expect(JSON.stringify(mistakes)).not.toContain('PRIVATE KEY-----\n');
});

test('a certificate that ran out is a mistake', () => {
  const old = issue({ subject, signer: middle, names: NAMES.names, from: NOW - YEAR, to: NOW - 86_400_000 });
  expect(judged(old.certificate, old.key).mistakes).toEqual([
    'The certificate ran out on 2027-05-31: phones will refuse it.',
  ]);
});

test.each([
  { when: 'no names', wish: { names: [] }, says: 'has no subject alternative name: many phones refuse that' },
  {
    when: 'other names',
    wish: { names: ['other.example.com'] },
    says: 'It does not name prov.example.com. The URL that phones are told must have one of its names: other.example.com.',
  },
  { when: 'a start to come', wish: { from: NOW + 1000 }, says: 'It is not valid yet' },
  { when: 'an end soon', wish: { to: NOW + 86_400_000 }, says: 'It runs out within a month.' },
  { when: 'a short key', wish: { bits: 1024 as const }, says: 'Its key has 1024 bits only' },
  { when: 'clients only', wish: { uses: 'clientAuth' as const }, says: 'It is not meant for servers' },
])('$when is remarked upon, and installed', ({ wish, says }) => {
  const one = issue({ subject, signer: middle, names: NAMES.names, uses: 'serverAuth', ...dates, ...wish });
  const { remarks, identity } = judged(one.certificate, one.key);
  expect(remarks.join('\n')).toContain(says);
  expect(identity).toBeDefined();
});

test('a key that is not RSA is remarked upon', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(judged(server.certificate, key).mistakes[0]).toContain('does not belong');
});
