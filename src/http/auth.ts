// Signing in at a folder: Basic (RFC 7617) and Digest (RFC 7616 with MD5 and SHA-256; RFC 2069 for old phones), pure.
import { type AuthHeader, digestResponse, isSameResponse, isSameText, parseAuth } from '../base/digest.ts';
import type { Millis } from '../base/world.ts';
import type { PlainRequest } from '../net/ports.ts';
import { type Account, accountsOf } from '../site/accounts.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Nonces } from './nonce.ts';
import { nameInTarget } from './target.ts';

export type SignIn =
  /** No account is needed for that name. */
  | { readonly kind: 'open' }
  | { readonly kind: 'known'; readonly account: string }
  | {
      readonly kind: 'challenge';
      readonly because: Extract<Reason, 'sign-in-needed' | 'sign-in-stale' | 'wrong-password'>;
      /** The values of the WWW-Authenticate fields, best first. */
      readonly challenges: readonly string[];
    };

export interface SignInQuestion {
  readonly request: Pick<PlainRequest, 'method' | 'target' | 'headers'>;
  /** The name asked for, decoded. */
  readonly name: string;
  readonly accounts: readonly Account[];
  readonly nonces: Nonces;
  readonly now: Millis;
}

/** In the order in which they are offered: the better first (RFC 7616 section 3.7). */
const ALGORITHMS = ['SHA-256', 'MD5'];

/** Whether the request may go on, and as whom. */
export function decideSignIn(question: SignInQuestion): SignIn {
  const accounts = accountsOf(question.accounts, question.name);
  const [first] = accounts;
  if (first === undefined) return { kind: 'open' };
  const folder: Folder = { realm: first.folder, accounts };
  const header = question.request.headers['authorization'];
  if (header === undefined) return challenge(question, folder, 'sign-in-needed');
  const verdict = judge(question, folder, parseAuth(header)?.[0]);
  return typeof verdict === 'string' ? challenge(question, folder, verdict) : verdict;
}

interface Folder {
  readonly realm: string;
  readonly accounts: readonly Account[];
}

type Verdict = Extract<SignIn, { kind: 'known' }> | 'wrong-password' | 'sign-in-stale';

function judge(question: SignInQuestion, folder: Folder, credentials: AuthHeader | undefined): Verdict {
  if (credentials?.scheme === 'basic') return judgeBasic(folder, credentials.token ?? '');
  if (credentials?.scheme === 'digest') return judgeDigest(question, folder, credentials.params);
  return 'wrong-password';
}

function judgeBasic({ accounts }: Folder, token: string): Verdict {
  const [user = '', ...rest] = Buffer.from(token, 'base64').toString('utf8').split(':');
  const account = accounts.find((one) => one.user === user && one.methods.includes('basic'));
  if (account === undefined || !isSameText(account.password, rest.join(':'))) return 'wrong-password';
  return { kind: 'known', account: user };
}

type Params = AuthHeader['params'];

function judgeDigest(question: SignInQuestion, { realm, accounts }: Folder, params: Params): Verdict {
  const { request, nonces, now } = question;
  const said = (name: string): string => params.get(name) ?? '';
  const user = said('username');
  const nonce = said('nonce');
  const account = accounts.find((one) => one.user === user && one.methods.includes('digest'));
  if (account === undefined || said('realm') !== realm) return 'wrong-password';
  const age = nonces.judge(nonce, realm, now);
  // A nonce of before our restart looks forged; the phone has the password all the same, so it is asked again.
  if (age !== 'good') return 'sign-in-stale';
  const expected = responseOf(params, request.method, account);
  // The credentials must be those for this file (section 3.4.6); phones write its address in their own way.
  const isForThis = nameInTarget(said('uri')) === nameInTarget(request.target);
  if (expected === undefined || !isForThis || !isSameResponse(expected, said('response')))
    return 'wrong-password';
  // Without qop there is no count (RFC 2069): the nonce is good as long as it lives.
  const isUsable = !params.has('qop') || nonces.use(nonce, Number.parseInt(said('nc'), 16));
  return isUsable ? { kind: 'known', account: user } : 'sign-in-stale';
}

/** Undefined for what was not offered. */
function responseOf(params: Params, method: string, { user, password }: Account): string | undefined {
  const algorithm = params.get('algorithm');
  const qop = params.get('qop')?.toLowerCase();
  const nc = params.get('nc');
  if (!ALGORITHMS.includes((algorithm ?? 'MD5').toUpperCase())) return undefined;
  if (qop !== undefined && (qop !== 'auth' || nc === undefined || !/^[0-9a-f]{8}$/i.test(nc)))
    return undefined;
  return digestResponse({
    ...{ algorithm, method, password, nc },
    username: user,
    realm: params.get('realm') ?? '',
    uri: params.get('uri') ?? '',
    nonce: params.get('nonce') ?? '',
    cnonce: params.get('cnonce'),
    qop: qop === undefined ? undefined : 'auth',
  });
}

function challenge(
  { nonces, now }: SignInQuestion,
  { realm, accounts }: Folder,
  because: Extract<SignIn, { kind: 'challenge' }>['because'],
): SignIn {
  const quoted = realm.replaceAll(/["\\]/g, '\\$&');
  const stale = because === 'sign-in-stale' ? ', stale=true' : '';
  const offers = {
    digest: () =>
      ALGORITHMS.map(
        (algorithm) =>
          `Digest realm="${quoted}", nonce="${nonces.make(realm, now)}", opaque="${nonces.opaque(realm)}", algorithm=${algorithm}, qop="auth"${stale}`,
      ),
    basic: () => [`Basic realm="${quoted}", charset="UTF-8"`],
  };
  const methods = new Set(accounts.flatMap((account) => account.methods));
  return { kind: 'challenge', because, challenges: [...methods].flatMap((method) => offers[method]()) };
}
