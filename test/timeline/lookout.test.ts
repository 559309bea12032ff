// Who is foreign, when it is gone, and what is told of it: a history goes in, one line for each output comes out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { showMac } from '../../src/base/mac.ts';
import {
  type Lookout,
  type LookoutInput,
  type LookoutOutput,
  QUIET,
  stepLookout,
} from '../../src/timeline/lookout.ts';
import { ip, mac } from '../net/watched.ts';

const ROGUE = ip('10.99.0.9');
const OTHER = ip('10.99.0.10');
const ROUTER = ip('192.168.1.1');
const HARDWARE = mac('4C:5E:0C:00:00:01');
const phone = (number: number) => mac(`001565${number.toString(16).padStart(6, '0')}`);

const heard = (server = ROGUE, caught?: number): LookoutInput => ({
  kind: 'heard',
  server,
  source: server === ROUTER ? OTHER : server,
  ...(caught === undefined ? {} : { phone: phone(caught) }),
});
const named = (server = ROGUE, by = 1): LookoutInput => ({ kind: 'named', server, phone: phone(by) });
const met = (server = ROGUE, hardware = HARDWARE): LookoutInput => ({
  kind: 'met',
  server,
  hardware,
  maker: 'MikroTik',
});
const unmet = (server = ROGUE): LookoutInput => ({ kind: 'met', server });
const looked = (since: number): LookoutInput => ({ kind: 'looked', since });
const TICK: LookoutInput = { kind: 'tick' };

function shown(output: LookoutOutput): string {
  switch (output.kind) {
    case 'meet':
      return `meet ${showIpv4(output.server)} at ${showIpv4(output.source)}`;
    case 'look':
      return 'look';
    case 'found': {
      const { server, hardware, maker, caught } = output.server;
      return [
        'found',
        showIpv4(server),
        hardware === undefined ? '?' : showMac(hardware),
        maker ?? '?',
        caught.size,
      ].join(' ');
    }
    case 'caught':
      return `caught ${output.phone.slice(-1)} by ${showIpv4(output.server)}`;
    case 'gone':
      return `gone ${showIpv4(output.server)}`;
  }
}

/** Plays inputs at their moments; each output as `moment: what`. */
function play(history: readonly (readonly [at: number, input: LookoutInput])[]) {
  let lookout: Lookout = QUIET;
  let wakeAt: number | undefined;
  const lines: string[] = [];
  for (const [at, input] of history) {
    const step = stepLookout(at, lookout, input);
    lookout = step.next;
    ({ wakeAt } = step);
    lines.push(...step.outputs.map((output) => `${at}: ${shown(output)}`));
  }
  return { lines, lookout, wakeAt };
}

const FOUND = 'found 10.99.0.9 4c:5e:0c:00:00:01 MikroTik';

test.each<{ title: string; history: [number, LookoutInput][]; lines: string[] }>([
  {
    title: 'a server that is heard is told once its hardware address is known',
    history: [
      [0, heard()],
      [1, heard()],
      [60, met()],
      [70, heard()],
    ],
    lines: ['0: meet 10.99.0.9 at 10.99.0.9', `60: ${FOUND} 0`],
  },
  {
    title: 'one that names an address of elsewhere is met where its datagrams come from',
    history: [[0, heard(ROUTER)]],
    lines: ['0: meet 192.168.1.1 at 10.99.0.10'],
  },
  {
    title: 'one whose hardware address is not to be had is told all the same, and asked for after each look',
    history: [
      [0, heard()],
      [300, unmet()],
      [1000, looked(0)],
      [1300, unmet()],
      [11_000, heard()],
      [11_100, looked(10_500)],
      [11_200, met()],
    ],
    lines: [
      '0: meet 10.99.0.9 at 10.99.0.9',
      '300: found 10.99.0.9 ? ? 0',
      '1000: meet 10.99.0.9 at 10.99.0.9',
      '11100: meet 10.99.0.9 at 10.99.0.9',
      `11200: ${FOUND} 0`,
    ],
  },
  {
    title: 'phones that it catches are each told once, the server again not before 10 s',
    history: [
      [0, heard(ROGUE, 1)],
      [60, met()],
      [1000, heard(ROGUE, 2)],
      [1001, heard(ROGUE, 2)],
      [2000, named(ROGUE, 3)],
      [10_059, TICK],
      [10_060, TICK],
      [30_000, heard(ROGUE, 4)],
      [30_001, heard(ROGUE, 4)],
    ],
    lines: [
      '0: caught 1 by 10.99.0.9',
      '0: meet 10.99.0.9 at 10.99.0.9',
      `60: ${FOUND} 1`,
      '1000: caught 2 by 10.99.0.9',
      '2000: caught 3 by 10.99.0.9',
      `10060: ${FOUND} 3`,
      '30000: caught 4 by 10.99.0.9',
      `30000: ${FOUND} 4`,
    ],
  },
  {
    title: 'two looks without a sign are its end, one is not',
    history: [
      [0, heard()],
      [60, met()],
      [1000, looked(0)],
      [3000, looked(2000)],
      [4000, heard()],
      [5000, looked(4100)],
      [7000, looked(6000)],
      [9000, looked(8000)],
    ],
    lines: ['0: meet 10.99.0.9 at 10.99.0.9', `60: ${FOUND} 0`, '7000: gone 10.99.0.9'],
  },
  {
    title: 'one that was never told of is not told to be gone',
    history: [
      [0, heard()],
      [3000, looked(2000)],
      [5000, looked(4000)],
      [5001, met()],
    ],
    lines: ['0: meet 10.99.0.9 at 10.99.0.9'],
  },
  {
    title: 'a name alone makes nobody foreign: it is a reason to look, and the phone is told of once',
    history: [
      [0, named(ROGUE, 1)],
      [5, named(ROGUE, 1)],
      [1000, looked(10)],
      [2000, named(ROGUE, 1)],
    ],
    lines: ['0: caught 1 by 10.99.0.9', '0: look', '5: look', '2000: look'],
  },
  {
    title: 'phones that named it count once it is heard',
    history: [
      [0, named(ROGUE, 1)],
      [5, heard(ROGUE, 1)],
      [60, met()],
    ],
    lines: ['0: caught 1 by 10.99.0.9', '0: look', '5: meet 10.99.0.9 at 10.99.0.9', `60: ${FOUND} 1`],
  },
  {
    title: 'a rumour is forgotten after two looks',
    history: [
      [0, named()],
      [1000, looked(0)],
      [3000, looked(2000)],
      [4000, named()],
    ],
    lines: ['0: caught 1 by 10.99.0.9', '0: look', '4000: caught 1 by 10.99.0.9', '4000: look'],
  },
  {
    title: 'a name puts off the end of a server that was heard, and is no sign of life',
    history: [
      [0, heard()],
      [60, met()],
      [3000, looked(2000)],
      [4500, named()],
      [5000, looked(4000)],
      [7000, looked(6000)],
    ],
    lines: [
      '0: meet 10.99.0.9 at 10.99.0.9',
      `60: ${FOUND} 0`,
      '4500: caught 1 by 10.99.0.9',
      '7000: gone 10.99.0.9',
    ],
  },
])('$title', ({ history, lines }) => {
  expect(play(history).lines).toEqual(lines);
});

test('news that must wait says when it is due', () => {
  const caught = play([
    [0, heard()],
    [60, met()],
    [1000, heard(ROGUE, 1)],
  ]);
  expect(caught.wakeAt).toBe(10_060);
  expect(stepLookout(10_060, caught.lookout, TICK).wakeAt).toBeUndefined();
});

const anyServer = fc.integer({ min: 1, max: 100 }).map((host) => ip(`10.99.1.${host}`));
const anyPhone = fc.integer({ min: 0, max: 500 }).map(phone);
const anyInput: fc.Arbitrary<LookoutInput> = fc.oneof(
  fc.record({
    kind: fc.constant('heard' as const),
    server: anyServer,
    source: anyServer,
    phone: fc.option(anyPhone, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('named' as const), server: anyServer, phone: anyPhone }),
  fc.record({ kind: fc.constant('met' as const), server: anyServer, hardware: fc.constant(HARDWARE) }),
  fc.record({ kind: fc.constant('looked' as const), since: fc.constant(0) }),
  fc.constant(TICK),
);

test('whatever is heard, memory has its bounds and every server told of is told to be gone', () => {
  const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), anyInput), { maxLength: 300 });
  fc.assert(
    fc.property(history, (pauses) => {
      let now = 0;
      let lookout: Lookout = QUIET;
      const here = new Set<number>();
      const step = (input: LookoutInput): void => {
        const { next, outputs, wakeAt } = stepLookout(now, lookout, input);
        lookout = next;
        expect(wakeAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
        expect(next.servers.size).toBeLessThanOrEqual(32);
        expect(next.rumours.size).toBeLessThanOrEqual(32);
        for (const output of outputs) {
          if (output.kind === 'found') here.add(output.server.server);
          if (output.kind === 'gone') expect(here.delete(output.server)).toBe(true);
        }
      };
      for (const [pause, input] of pauses) {
        now += pause;
        step(input);
      }
      for (let more = 0; more < 2; more += 1) {
        now += 5000;
        step(looked(now - 1000));
      }
      expect([...here]).toEqual([]);
      expect([lookout.servers.size, lookout.rumours.size]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});

test('a server catches no more than 200 phones in our memory, nor does a rumour', () => {
  const flood = Array.from({ length: 300 }, (_, one): [number, LookoutInput] => [one, heard(ROGUE, one)]);
  const talk = Array.from({ length: 300 }, (_, one): [number, LookoutInput] => [one, named(OTHER, one)]);
  const { lookout, lines } = play([...flood, ...talk]);
  expect(lookout.servers.get(ROGUE)?.caught.size).toBe(200);
  expect(lookout.rumours.get(OTHER)?.caught.size).toBe(200);
  expect(lines.filter((line) => line.includes('caught'))).toHaveLength(400);
});
