import { describe, expect, test } from 'vitest';
import { decodeMessage, type SipRequest } from '../../src/sip/message.ts';
import { createServerTable } from '../../src/sip/server-table.ts';
import {
  type ClientInput,
  type ClientStep,
  clientKey,
  openClient,
  openServer,
  type ServerMachine,
  serverKey,
  stepClient,
  stepServer,
} from '../../src/sip/transaction.ts';
import { onWire, SNOM_370, W52P } from './dialects.ts';
import { peer } from './stage.ts';

interface Heard {
  readonly at: number;
  readonly status: number;
}

interface Course {
  readonly sends: readonly number[];
  readonly end: string;
  readonly over: number;
}

/** Runs a client transaction begun at 0 to its end: ticks at every wakeAt, responses when they come. */
function run(responses: readonly Heard[]): Course {
  const sends: number[] = [];
  let end = '';
  let now = 0;
  const note = ({ outputs }: ClientStep): void => {
    for (const output of outputs) {
      if (output.kind === 'send') sends.push(now);
      else if (output.kind === 'answered') end += `${output.status} at ${now}`;
      else end += `unanswered after ${output.tries} at ${now}`;
    }
  };
  const left = [...responses];
  let step = openClient(now);
  note(step);
  while (step.wakeAt !== undefined) {
    const heard = left[0] !== undefined && left[0].at < step.wakeAt ? left.shift() : undefined;
    now = heard?.at ?? step.wakeAt;
    const input: ClientInput = heard
      ? { kind: 'response', status: heard.status, reason: '' }
      : { kind: 'tick' };
    step = stepClient(now, step.next, input);
    note(step);
  }
  expect(step.next.state).toBe('terminated');
  return { sends, end, over: now };
}

describe('the client transaction of RFC 3261 section 17.1.2', () => {
  test.each([
    {
      when: 'nobody answers',
      responses: [],
      sends: [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
      end: 'unanswered after 11 at 32000',
      over: 32_000,
    },
    {
      when: 'the answer comes at once',
      responses: [{ at: 3, status: 200 }],
      sends: [0],
      end: '200 at 3',
      over: 5003,
    },
    {
      when: 'the answer comes after three datagrams',
      responses: [{ at: 3499, status: 481 }],
      sends: [0, 500, 1500],
      end: '481 at 3499',
      over: 8499,
    },
    {
      when: 'the answer comes again and again: it counts once, until timer K has run',
      responses: [100, 600, 4000].map((at) => ({ at, status: 200 })),
      sends: [0],
      end: '200 at 100',
      over: 5100,
    },
    {
      when: '100 Trying comes and then nothing: every 4 s, and timer F still ends it',
      responses: [{ at: 100, status: 100 }],
      sends: [0, 500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500],
      end: 'unanswered after 9 at 32000',
      over: 32_000,
    },
    {
      when: '100 Trying comes late and then the answer',
      responses: [
        { at: 4000, status: 183 },
        { at: 13_000, status: 200 },
      ],
      sends: [0, 500, 1500, 3500, 7500, 11_500],
      end: '200 at 13000',
      over: 18_000,
    },
  ])('when $when', ({ responses, sends, end, over }) => {
    expect(run(responses)).toEqual({ sends, end, over });
  });

  test('a timer that comes early does nothing, one that comes late does not add up', () => {
    const begun = openClient(0);
    const early = stepClient(499, begun.next, { kind: 'tick' });
    expect(early).toEqual({ next: begun.next, outputs: [], wakeAt: 500 });
    const late = stepClient(520, begun.next, { kind: 'tick' });
    expect([late.outputs.length, late.wakeAt]).toEqual([1, 1500]);
    const veryLate = stepClient(9000, begun.next, { kind: 'tick' });
    expect([veryLate.outputs.length, veryLate.wakeAt]).toEqual([1, 10_000]);
    expect(stepClient(40_000, begun.next, { kind: 'tick' }).outputs).toEqual([
      { kind: 'unanswered', tries: 1 },
    ]);
  });

  test('after its end it does nothing any more', () => {
    const over = stepClient(32_000, openClient(0).next, { kind: 'tick' }).next;
    const late = { kind: 'response', status: 200, reason: 'OK' } as const;
    expect(stepClient(32_001, over, late)).toEqual({ next: over, outputs: [], wakeAt: undefined });
  });
});

describe('the server transaction of RFC 3261 section 17.2.2', () => {
  const response = Buffer.from('SIP/2.0 200 OK');

  test('in Trying a copy of the request is discarded', () => {
    const begun = openServer(0);
    expect(stepServer(500, begun.next, { kind: 'request' })).toEqual({
      next: begun.next,
      outputs: [],
      wakeAt: 32_000,
    });
  });

  test('in Completed it gets the same bytes, for 32 s and not longer', () => {
    const { next, outputs, wakeAt } = stepServer(10, openServer(0).next, { kind: 'respond', response });
    expect([outputs, wakeAt]).toEqual([[{ kind: 'send', response }], 32_010]);
    const again = stepServer(32_009, next, { kind: 'request' });
    expect(again.outputs).toEqual([{ kind: 'send', response }]);
    expect(stepServer(20, next, { kind: 'tick' })).toEqual({ next, outputs: [], wakeAt: 32_010 });
    expect(stepServer(20, next, { kind: 'respond', response: Buffer.from('another') }).outputs).toEqual([]);
    expect(stepServer(32_010, again.next, { kind: 'request' })).toEqual({
      next: { state: 'terminated' },
      outputs: [],
      wakeAt: undefined,
    });
  });

  test('a request that is never answered is forgotten too', () => {
    expect(stepServer(32_000, openServer(0).next, { kind: 'tick' }).next.state).toBe('terminated');
  });
});

describe('over a stream', () => {
  test('a request is sent once, given up by timer F, and its answer ends it', () => {
    const opened = openClient(0, 'stream');
    expect([opened.outputs, opened.wakeAt]).toEqual([[{ kind: 'send' }], 32_000]);
    const late = stepClient(32_000, opened.next, { kind: 'tick' });
    expect([late.outputs, late.wakeAt]).toEqual([[{ kind: 'unanswered', tries: 1 }], undefined]);
    const heard = stepClient(40, opened.next, { kind: 'response', status: 200, reason: 'OK' });
    expect([heard.next.state, heard.wakeAt]).toEqual(['terminated', undefined]);
  });

  test('no copy of a request is waited for', () => {
    const { next } = openServer(0, 'stream');
    const response = Buffer.from('SIP/2.0 200 OK');
    const answered = stepServer(10, next, { kind: 'respond', response });
    expect(answered).toEqual({
      next: { state: 'terminated' },
      outputs: [{ kind: 'send', response }],
      wakeAt: undefined,
    });
  });
});

describe('the table of server transactions', () => {
  const begunAt = (at: number): ServerMachine => openServer(at).next;

  test('knows at least the latest half of what it may hold, and never holds more', () => {
    const table = createServerTable({ most: 100 });
    for (let at = 0; at < 1000; at += 1) {
      table.keep(`${at}`, begunAt(at));
      expect(table.size).toBeLessThanOrEqual(100);
      for (let back = 0; back < Math.min(50, at + 1); back += 1)
        expect(table.find(`${at - back}`, at)).toBeDefined();
    }
  });

  test('gives up what has ended', () => {
    const table = createServerTable({ most: 100 });
    table.keep('a', begunAt(0));
    expect(table.find('a', 31_999)).toBeDefined();
    expect(table.find('a', 32_000)).toBeUndefined();
    table.keep('b', begunAt(0));
    table.keep('b', { state: 'terminated' });
    expect(table.find('b', 0)).toBeUndefined();
  });

  test('holds nothing any more when nobody has asked for long', () => {
    const table = createServerTable({ most: 100 });
    table.find('', 0);
    for (const key of ['a', 'b', 'c']) table.keep(key, begunAt(0));
    for (const at of [64_000, 64_001, 128_001, 128_002]) table.find('a', at);
    expect(table.size).toBe(0);
  });
});

function request(text: string): SipRequest {
  const decoded = decodeMessage(onWire(text));
  if (!decoded.ok || decoded.value.kind !== 'request') throw new Error('not a request');
  return decoded.value;
}

describe('which request is the copy of which', () => {
  const SOURCE = peer('10.1.3.239:5059');
  const NO_COOKIE = W52P.text.replace('z9hG4bK', '');
  const BARE_COOKIE = W52P.text.replace('z9hG4bK1536537630', 'z9hG4bK');

  test.each([
    { what: 'the same again', first: W52P.text, second: W52P.text, same: true },
    { what: 'another branch', first: W52P.text, second: W52P.text.replace('bK15', 'bK16'), same: false },
    {
      what: 'another sent-by',
      first: W52P.text,
      second: W52P.text.replace('239:5059;', '239:5058;'),
      same: false,
    },
    {
      what: 'another method',
      first: W52P.text,
      second: W52P.text.replaceAll('SUBSCRIBE', 'OPTIONS'),
      same: false,
    },
    {
      what: 'another CSeq, branch with cookie',
      first: W52P.text,
      second: W52P.text.replace('1 SUB', '2 SUB'),
      same: true,
    },
    { what: 'the same again, no branch', first: SNOM_370.text, second: SNOM_370.text, same: true },
    {
      what: 'another CSeq, no branch',
      first: SNOM_370.text,
      second: SNOM_370.text.replace('1 SUB', '2 SUB'),
      same: false,
    },
    {
      what: 'another Call-ID, no branch',
      first: SNOM_370.text,
      second: SNOM_370.text.replace('ID: 9', 'ID: 8'),
      same: false,
    },
    {
      what: 'another From tag, no branch',
      first: SNOM_370.text,
      second: SNOM_370.text.replace('tag=6', 'tag=7'),
      same: false,
    },
    {
      what: 'another Via, no branch',
      first: SNOM_370.text,
      second: SNOM_370.text.replace('1053;rport', '1054;rport'),
      same: false,
    },
    { what: 'the same again, no cookie', first: NO_COOKIE, second: NO_COOKIE, same: true },
    {
      what: 'another CSeq, no cookie',
      first: NO_COOKIE,
      second: NO_COOKIE.replace('1 SUB', '2 SUB'),
      same: false,
    },
    {
      what: 'another CSeq, nothing but the cookie',
      first: BARE_COOKIE,
      second: BARE_COOKIE.replace('1 SUB', '2 SUB'),
      same: false,
    },
  ])('$what: $same', ({ first, second, same }) => {
    expect(serverKey(request(first), SOURCE) === serverKey(request(second), SOURCE)).toBe(same);
  });

  test('a copy from elsewhere is another request', () => {
    const [one, two] = [SOURCE, peer('10.1.3.240:5059')].map((from) => serverKey(request(W52P.text), from));
    expect(one).not.toBe(two);
  });
});

test('a response is told by branch and method', () => {
  expect(clientKey(request(W52P.text))).toBe('z9hG4bK1536537630 SUBSCRIBE');
  expect(clientKey(request(SNOM_370.text))).toBeUndefined();
});
