// A certificate that an outside authority signed: does it fit its key, in what order is its chain, will phones take it.
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Millis } from '../base/world.ts';
import type { Identity, ServerNames } from './certificate.ts';
import { factsOf, readChain, readKey } from './facts.ts';
import { day } from './folder.ts';

export interface Candidate {
  /** The certificate and perhaps others, PEM or DER. */
  readonly certificate: Uint8Array;
  /** PEM. */
  readonly key: string;
  /** What phones call us. */
  readonly names: ServerNames;
  readonly now: Millis;
}

export interface Verdict {
  /** Why it cannot be used, in sentences; empty: it can. */
  readonly mistakes: readonly string[];
  /** What the installer should know. */
  readonly remarks: readonly string[];
  /** Absent when there are mistakes. The chain is in the order of RFC 8446 section 4.4.2. */
  readonly identity?: Identity | undefined;
}

const DAY = 86_400_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Looks at a certificate and key before they are installed. */
export function judge(candidate: Candidate): Verdict {
  const key = readKey(candidate.key);
  if (key === 'locked')
    return bad('The key is locked with a pass phrase. Unlock it: openssl pkey -in KEY -out KEY.plain');
  if (key === 'no-key') return bad('The key file holds no private key in PEM (-----BEGIN PRIVATE KEY-----).');
  const found = chainIn(candidate.certificate);
  if (found === undefined)
    return bad('The certificate file is damaged: one of its certificates cannot be read.');
  const [first] = found;
  if (first === undefined)
    return bad(
      'The certificate file holds no certificate: neither PEM (-----BEGIN CERTIFICATE-----) nor DER.',
    );
  const leaf = found.find((one) => one.checkPrivateKey(key));
  if (leaf === undefined)
    return bad(
      `The key does not belong to the certificate of ${factsOf(first).subject}: was the request made elsewhere, or made again since?`,
    );
  const chain = inOrder(leaf, found);
  const mistakes = mistakesIn(leaf, candidate.now);
  const remarks = [
    ...remarksOnChain(found, chain),
    ...remarksOnDates(leaf, candidate.now),
    ...remarksOnNames(leaf, candidate.names),
    ...remarksOnKey(leaf, key),
  ];
  if (mistakes.length > 0) return { mistakes, remarks };
  const pem = chain.map((one) => one.toString()).join('');
  return { mistakes, remarks, identity: { certificate: pem, key: candidate.key } };
}

const bad = (mistake: string): Verdict => ({ mistakes: [mistake], remarks: [] });

function chainIn(file: Uint8Array): readonly X509Certificate[] | undefined {
  try {
    return readChain(file);
  } catch {
    return undefined;
  }
}

/** The leaf, then each time the one that signed the last, as far as they are there. */
function inOrder(leaf: X509Certificate, all: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain = [leaf];
  for (let next: X509Certificate | undefined = leaf; next !== undefined; ) {
    const last: X509Certificate = next;
    next = all.find((one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey));
    if (next !== undefined) chain.push(next);
  }
  return chain;
}

function mistakesIn(leaf: X509Certificate, now: Millis): readonly string[] {
  const { notAfter, subject } = factsOf(leaf);
  const mistakes: string[] = [];
  if (notAfter <= now) mistakes.push(`The certificate ran out on ${day(notAfter)}: phones will refuse it.`);
  if (leaf.ca) mistakes.push(`${subject} is an authority, not a server: phones will refuse it as a server.`);
  return mistakes;
}

function remarksOnChain(
  found: readonly X509Certificate[],
  chain: readonly X509Certificate[],
): readonly string[] {
  const strays = found.filter((one) => !chain.includes(one));
  const isReordered = chain.some((one, at) => one !== found[at]);
  const remarks = strays.map(
    (one) => `Left out, since it signed none of the others: ${factsOf(one).subject}.`,
  );
  if (isReordered && strays.length === 0)
    remarks.push('The certificates were not in order; they are installed with the server first.');
  const last = chain.at(-1);
  if (last !== undefined && !last.checkIssued(last))
    remarks.push(`Phones must know the authority that signed it: ${factsOf(last).issuer}.`);
  return remarks;
}

function remarksOnDates(leaf: X509Certificate, now: Millis): readonly string[] {
  const { notBefore, notAfter } = factsOf(leaf);
  const remarks = [
    `Valid from ${day(notBefore)} to ${day(notAfter)}: a phone whose clock stands elsewhere refuses it, so give phones the time (DHCP option 42).`,
  ];
  if (notBefore > now) remarks.push('It is not valid yet, by the clock of this appliance.');
  if (notAfter > now && notAfter - now < 30 * DAY) remarks.push('It runs out within a month.');
  return remarks;
}

function remarksOnNames(leaf: X509Certificate, { names, addresses }: ServerNames): readonly string[] {
  const { names: said, subject } = factsOf(leaf);
  const remarks: string[] = [];
  if (said.length === 0)
    remarks.push(
      `It names its server in ${subject} only and has no subject alternative name: many phones refuse that.`,
    );
  const missing = [...names, ...addresses].filter((name) => !said.includes(name));
  if (said.length > 0 && missing.length > 0)
    remarks.push(
      `It does not name ${missing.join(', ')}. The URL that phones are told must have one of its names: ${said.join(', ')}.`,
    );
  return remarks;
}

function remarksOnKey(leaf: X509Certificate, key: KeyObject): readonly string[] {
  const remarks: string[] = [];
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== 'rsa')
    remarks.push('Its key is not RSA: phones of older makes know RSA only.');
  else if (bits !== undefined && bits < 2048)
    remarks.push(`Its key has ${bits} bits only: newer phones want 2048.`);
  // Undefined where the certificate does not limit it, whatever the types say.
  const uses = leaf.keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.includes(SERVER_AUTH))
    remarks.push('It is not meant for servers (extended key usage serverAuth): phones may refuse it.');
  return remarks;
}
