// Each cell of message, state of the client and state of the lease, against RFC 2131 section 4.3.
import { describe, expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { messageType } from '../../src/dhcp/clues.ts';
import type { DhcpDecision } from '../../src/dhcp/decision.ts';
import type { LeaseTable } from '../../src/dhcp/lease-table.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import { ip, phoneMac, type Said } from './kit.ts';
import { classNamed, decide, lease, type Scene, T0, tableOf } from './scene.ts';

/** What X, an address, is to phone number 1 when it asks about it. */
const HOLDINGS: Readonly<Record<string, Scene & { readonly x?: string; readonly offered?: number }>> = {
  free: {},
  'offered to it': { offered: 1 },
  'offered to another': { offered: 2 },
  'its lease': { stored: [lease('10.20.0.55', 1)] },
  "another's lease": { stored: [lease('10.20.0.55', 2)] },
  'its lease, ended': { stored: [lease('10.20.0.55', 1, { expires: T0 })] },
  "another's, ended": { stored: [lease('10.20.0.55', 2, { expires: T0 })] },
  'its lease, last ms': { stored: [lease('10.20.0.55', 1, { expires: T0 + 1 })] },
  "another's, last ms": { stored: [lease('10.20.0.55', 2, { expires: T0 + 1 })] },
  'it has another': { stored: [lease('10.20.0.52', 1)] },
  'declined by another': { stored: [lease('10.20.0.55', 2, { state: 'declined' })] },
  'declined by it': { stored: [lease('10.20.0.55', 1, { state: 'declined' })] },
  'declined long ago': { stored: [lease('10.20.0.55', 2, { state: 'declined', expires: T0 })] },
  'kept for it': { list: [{ client: phoneMac(1), address: ip('10.20.0.55') }] },
  'kept for another': { list: [{ client: phoneMac(2), address: ip('10.20.0.55') }] },
  'its, another is kept': {
    stored: [lease('10.20.0.55', 1)],
    list: [{ client: phoneMac(1), address: ip('10.20.0.58') }],
  },
  'its, the kept one taken': {
    stored: [lease('10.20.0.55', 1), lease('10.20.0.58', 2)],
    list: [{ client: phoneMac(1), address: ip('10.20.0.58') }],
  },
  'another is kept for it': { list: [{ client: phoneMac(1), address: ip('10.20.0.58') }] },
  'outside the pool': { x: '10.20.0.90' },
  'its lease, outside': { x: '10.20.0.90', stored: [lease('10.20.0.90', 1)] },
  'kept for it, outside': { x: '10.20.0.90', list: [{ client: phoneMac(1), address: ip('10.20.0.90') }] },
  "of a class's pool": {
    x: '10.20.0.95',
    dhcp: {
      classes: [
        classNamed('doors', {
          when: { hostname: /^door/ },
          pool: { first: ip('10.20.0.90'), last: ip('10.20.0.99') },
        }),
      ],
    },
  },
  'another subnet': { x: '192.168.1.20' },
  ours: { x: '10.20.0.1' },
  'the router': { x: '10.20.0.254' },
  'the network': { x: '10.20.0.0' },
  everybody: { x: '10.20.0.255' },
};

const MESSAGES: Readonly<Record<string, (x: string) => Said>> = {
  DISCOVER: (x) => ({ type: 'discover', requested: x }),
  SELECTING: (x) => ({ type: 'request', server: '10.20.0.1', requested: x }),
  'INIT-REBOOT': (x) => ({ type: 'request', requested: x }),
  EXTENDING: (x) => ({ type: 'request', ciaddr: x }),
  RELEASE: (x) => ({ type: 'release', ciaddr: x }),
  DECLINE: (x) => ({ type: 'decline', requested: x }),
  INFORM: (x) => ({ type: 'inform', ciaddr: x }),
};

/**
 * offer X, offer other: which address is offered. silent: no answer, and it is told why. ignored: no answer, and nothing
 * to tell. EXTENDING is RENEWING and REBINDING, which differ in the destination address only.
 */
const AUTHORITATIVE = `
                        | DISCOVER    | SELECTING | INIT-REBOOT | EXTENDING | RELEASE | DECLINE    | INFORM
free                    | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
offered to it           | offer X     | ack       | ack         | ack       | ignored | quarantine | ack
offered to another      | offer other | nak       | nak         | nak       | silent  | silent     | ack
its lease               | offer X     | ack       | ack         | ack       | freed   | quarantine | ack
another's lease         | offer other | nak       | nak         | nak       | silent  | silent     | ack
its lease, ended        | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
another's, ended        | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
its lease, last ms      | offer X     | ack       | ack         | ack       | freed   | quarantine | ack
another's, last ms      | offer other | nak       | nak         | nak       | silent  | silent     | ack
it has another          | offer other | ack       | ack         | ack       | ignored | ignored    | ack
declined by another     | offer other | nak       | nak         | nak       | ignored | ignored    | ack
declined by it          | offer other | nak       | nak         | nak       | ignored | ignored    | ack
declined long ago       | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
kept for it             | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
kept for another        | offer other | nak       | nak         | nak       | ignored | ignored    | ack
another is kept for it  | offer other | nak       | nak         | nak       | ignored | ignored    | ack
its, another is kept    | offer other | nak       | nak         | nak       | freed   | quarantine | ack
its, the kept one taken | offer X     | ack       | ack         | ack       | freed   | quarantine | ack
outside the pool        | offer other | nak       | nak         | nak       | ignored | ignored    | ack
its lease, outside      | offer X     | ack       | ack         | ack       | freed   | quarantine | ack
kept for it, outside    | offer X     | ack       | ack         | ack       | ignored | ignored    | ack
of a class's pool       | offer other | nak       | nak         | nak       | ignored | ignored    | ack
another subnet          | offer other | nak       | nak         | nak       | ignored | ignored    | silent
ours                    | offer other | nak       | nak         | nak       | ignored | ignored    | silent
the router              | offer other | nak       | nak         | nak       | ignored | ignored    | ack
the network             | offer other | nak       | nak         | nak       | ignored | ignored    | silent
everybody               | offer other | nak       | nak         | nak       | ignored | ignored    | silent
`;

/** RFC 2131 section 4.3.2 to the letter: no record of the client, no answer. Who asks us by name gets one. */
const NOT_AUTHORITATIVE = `
                    | DISCOVER    | SELECTING | INIT-REBOOT | EXTENDING
free                | offer X     | ack       | silent      | silent
offered to it       | offer X     | ack       | silent      | silent
offered to another  | offer other | nak       | silent      | silent
its lease           | offer X     | ack       | ack         | ack
another's lease     | offer other | nak       | silent      | silent
its lease, ended    | offer X     | ack       | silent      | silent
another's, ended    | offer X     | ack       | silent      | silent
declined by another | offer other | nak       | silent      | silent
kept for it         | offer X     | ack       | silent      | silent
kept for another    | offer other | nak       | silent      | silent
outside the pool    | offer other | nak       | silent      | silent
its lease, outside  | offer X     | ack       | ack         | ack
another subnet      | offer other | nak       | silent      | silent
`;

interface Cell {
  readonly holding: string;
  readonly message: string;
  readonly is: string;
}

function cellsOf(matrix: string): readonly Cell[] {
  const [head = '', ...rows] = matrix.trim().split('\n');
  const cut = (line: string): readonly string[] => line.split('|').map((cell) => cell.trim());
  const messages = cut(head).filter((cell) => cell !== '');
  return rows.flatMap((row) => {
    const [holding = '', ...cells] = cut(row);
    return messages.map((message, index) => ({ holding, message, is: cells[index] ?? 'missing' }));
  });
}

function decisionIn(
  { holding, message }: Cell,
  dhcp: Partial<DhcpSite>,
): { decision: DhcpDecision; x: string } {
  const { x = '10.20.0.55', offered, ...scene } = HOLDINGS[holding] ?? expect.fail(holding);
  const what = MESSAGES[message] ?? expect.fail(message);
  const leases = tableOf(scene);
  if (offered !== undefined) offerTo(leases, offered, x);
  return { decision: decide(what(x), { ...scene, leases, dhcp: { ...scene.dhcp, ...dhcp } }), x };
}

/** The phone comes and is offered the address it asks for. */
function offerTo(leases: LeaseTable, number: number, x: string): void {
  const { answer } = decide({ type: 'discover', mac: phoneMac(number), requested: x }, { leases });
  expect(answer).toMatchObject({ kind: 'reply', reply: { yiaddr: ip(x) } });
}

function inBrief({ decision, x }: { decision: DhcpDecision; x: string }): string {
  const { answer, events, changes } = decision;
  if (answer.kind === 'silence') {
    expect(events.at(-1)).toMatchObject({ kind: 'no-answer-given', because: answer.because });
    return 'silent';
  }
  if (answer.kind === 'none') {
    const change = changes.at(-1)?.kind ?? 'ignored';
    expect(events.map(({ kind }) => kind)).toEqual(ENDING[change]);
    return change === 'declined' ? 'quarantine' : change;
  }
  const type = messageType(answer.reply.options);
  if (type === 'nak') expect([answer.reply.yiaddr, changes]).toEqual([0, []]);
  if (type !== 'offer') return String(type);
  expect(changes).toEqual([]);
  return showIpv4(answer.reply.yiaddr) === x ? 'offer X' : 'offer other';
}

const ENDING: Readonly<Record<string, readonly string[]>> = {
  ignored: [],
  freed: ['released'],
  declined: ['declined'],
};

describe('an authoritative server', () => {
  const cells = cellsOf(AUTHORITATIVE);
  test('every state is there', () => {
    expect(new Set(cells.map(({ holding }) => holding))).toEqual(new Set(Object.keys(HOLDINGS)));
    expect(cells).toHaveLength(Object.keys(HOLDINGS).length * 7);
  });

  test.each(cells)('$message, $holding: $is', (cell) => {
    expect(inBrief(decisionIn(cell, {}))).toBe(cell.is);
  });
});

describe('a server that is not authoritative', () => {
  test.each(cellsOf(NOT_AUTHORITATIVE))('$message, $holding: $is', (cell) => {
    expect(inBrief(decisionIn(cell, { authoritative: false }))).toBe(cell.is);
  });
});
