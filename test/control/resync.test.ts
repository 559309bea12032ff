import { expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { World } from '../../src/base/world.ts';
import type { ResyncLine } from '../../src/control/api.ts';
import { resyncPhone } from '../../src/control/resync.ts';
import type { Phone } from '../../src/phones/phone.ts';
import type { WakeOutcome, WakeRequest } from '../../src/sip/notifier.ts';
import type { ClientEnd } from '../../src/sip/transaction.ts';
import { createTimeline } from '../../src/timeline/journal.ts';
import { acme } from '../fakes/vendors.ts';
import { fakeWorld } from '../fakes/world.ts';

const mac = parseMac('02ac3e000001') ?? expect.fail();
const phone: Phone = {
  mac,
  address: parseIpv4('10.99.0.50') ?? expect.fail(),
  clues: new Map(),
  identity: { vendor: 'acme', by: '', conflicts: [] },
};

interface Habits {
  readonly status?: number;
  readonly answerAfter?: number;
  readonly fetchAfter?: number;
  readonly patience?: number;
}

/** At once; silence takes until timer F, or until nobody wants to know any more. */
async function answered(
  world: World,
  { status, answerAfter }: Habits,
  until: AbortSignal | undefined,
): Promise<ClientEnd> {
  if (answerAfter !== undefined) await new Promise<void>((done) => void world.after(answerAfter, done));
  if (status !== undefined) return { kind: 'answered', status, reason: 'Word' };
  return await new Promise((settle) => {
    world.after(32_000, () => settle({ kind: 'unanswered', tries: 11 }));
    until?.addEventListener('abort', () => settle({ kind: 'unanswered', tries: 4 }));
  });
}

/** Resyncs one phone that answers `status` and, where asked, fetches after `fetchAfter` ms. */
async function resynced(
  answer: Habits,
  of: Partial<Phone> = {},
  vendor = true,
  push?: (world: World, to: unknown, until: AbortSignal) => Promise<ClientEnd>,
) {
  const world = fakeWorld();
  const timeline = createTimeline();
  const woken: unknown[] = [];
  const said: ResyncLine[] = [];
  if (answer.fetchAfter !== undefined) {
    world.after(answer.fetchAfter, () =>
      timeline.tell({
        kind: 'fetched',
        at: world.now(),
        mac,
        door: 'http',
        file: 'x.cfg',
        role: 'own',
        bytes: 1,
        digest: 'd',
      }),
    );
  }
  const wake = async (request: WakeRequest): Promise<WakeOutcome> => {
    woken.push(request);
    return await answered(world, answer, request.until);
  };
  const order = { mac, reboot: false, push: push !== undefined, patience: answer.patience ?? 60_000 };
  const found = { phone: { ...phone, ...of }, vendor: vendor ? acme : undefined, order };
  const parts = {
    ...{ world, timeline, wake, waking: { credentials: [], via: [] } },
    push: async (to: unknown, until: AbortSignal) =>
      (await push?.(world, to, until)) ?? expect.fail('pushed without an order'),
  };
  const done = resyncPhone(parts, found, (line) => said.push(line));
  await world.advance(120_000);
  await done;
  return { said, verdict: said.at(-1)?.verdict, woken, kinds: timeline.story(mac).map(({ kind }) => kind) };
}

test.each([
  { when: 'it answers and fetches', answer: { status: 200, fetchAfter: 3000 }, verdict: 'confirmed' },
  {
    when: 'it fetches before its answer is read',
    answer: { status: 200, fetchAfter: 0 },
    verdict: 'confirmed',
  },
  { when: 'it answers and does nothing', answer: { status: 200 }, verdict: 'acknowledged' },
  { when: 'it fetches too late', answer: { status: 200, fetchAfter: 61_000 }, verdict: 'acknowledged' },
  { when: 'it refuses', answer: { status: 489 }, verdict: 'refused' },
  { when: 'it wants a password', answer: { status: 401 }, verdict: 'wants-password' },
  { when: 'it is silent', answer: {}, verdict: 'unanswered' },
  { when: 'it is silent, and fetches', answer: { fetchAfter: 20_000 }, verdict: 'confirmed' },
  { when: 'it is silent, and fetches too late', answer: { fetchAfter: 33_000 }, verdict: 'unanswered' },
])('when $when the verdict is $verdict', async ({ answer, verdict }) => {
  expect((await resynced(answer)).verdict).toBe(verdict);
});

test.each([
  {
    answer: {},
    says: 'no answer after 11 tries. It may be off, or obey only its registrar: use "--via" with the address of the PBX, or "--export".',
  },
  {
    answer: { status: 200 },
    says: 'it answered but fetched nothing within 60 s. It may be in a call, or fetch from elsewhere: look at "unboxd story" for it.',
  },
  {
    answer: { status: 403 },
    says: 'refused with 403 Word. It obeys only its registrar: use "--via" with the address of the PBX, or "--export".',
  },
])('$says', async ({ answer, says }) => {
  expect((await resynced(answer)).said.at(-1)?.sentence).toBe(says);
});

test('the event of the vendor goes to where the phone hears SIP', async () => {
  const { woken, kinds } = await resynced({ status: 200, fetchAfter: 10 }, { sipPort: 5059 });
  expect(woken).toMatchObject([
    { mac, address: phone.address, port: 5059, event: 'check-sync;reboot=false', transport: 'udp' },
  ]);
  expect(kinds).toContain('wake-confirmed');
});

test('a phone that fetches is asked no more, and no other end is told', async () => {
  const { said, woken, kinds } = await resynced({ fetchAfter: 20_000 });
  expect(said.map(({ sentence }) => sentence).slice(1)).toEqual([
    'confirmed: fetched x.cfg again 20 s after the wake-up',
  ]);
  expect(woken).toMatchObject([{ until: { aborted: true } }]);
  expect(kinds).toEqual(['fetched', 'wake-confirmed']);
});

test('a phone that takes its time to answer has as long to fetch as any other', async () => {
  const patience = 10_000;
  const { verdict } = await resynced({ fetchAfter: 30_000, answerAfter: 25_000, status: 200, patience });
  expect(verdict).toBe('confirmed');
});

test('nothing is sent to a phone without an address or of unknown make', async () => {
  const homeless = await resynced({ status: 200 }, { address: undefined });
  const stranger = await resynced({ status: 200 }, {}, false);
  expect([homeless.verdict, stranger.verdict]).toEqual(['unreachable', 'unreachable']);
  expect([...homeless.woken, ...stranger.woken]).toEqual([]);
});

test.each([
  { status: 200, fetchAfter: 10, verdict: 'confirmed' },
  { status: 200, verdict: 'acknowledged' },
  { status: 481, verdict: 'refused' },
  { verdict: 'unanswered' },
  { fetchAfter: 20_000, verdict: 'confirmed' },
])(
  'a pushed URL that is answered $status and fetched after $fetchAfter ms is $verdict',
  async ({ status, fetchAfter, verdict }) => {
    const told: unknown[] = [];
    const push = async (world: World, to: unknown, until: AbortSignal): Promise<ClientEnd> => {
      told.push(to);
      return await answered(world, status === undefined ? {} : { status }, until);
    };
    const answer = fetchAfter === undefined ? {} : { fetchAfter };
    const outcome = await resynced(answer, {}, true, push);
    expect(outcome).toMatchObject({ verdict, woken: [] });
    expect(told).toEqual([mac]);
  },
);

test('a phone that takes no URL unasked is not told, and the hint is passed on', async () => {
  const push = async (): Promise<ClientEnd> =>
    await Promise.reject(new Fault('push-not-taken', 'it takes none', 'wake it'));
  const { said } = await resynced({}, {}, true, push);
  expect(said).toEqual([{ verdict: 'unreachable', sentence: 'not told: it takes none. Try this: wake it' }]);
});
