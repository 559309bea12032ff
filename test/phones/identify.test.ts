// What clues say for each make: weights that add up, and why no heap of weak hints beats a strong one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clue, type ClueKind, WEIGHT, WHOLE } from '../../src/phones/clues.ts';
import { identify, scoresOf, tells } from '../../src/phones/identify.ts';
import type { Catalogue, Vendor } from '../../src/phones/vendor.ts';
import { acme, bolt } from '../fakes/vendors.ts';

/** The made-up makers, with every way to be recognised. */
function maker(base: Vendor, word: string, oui: string, enterprise: number, asks: readonly number[]): Vendor {
  const { id, ...file } = base;
  return {
    ...file,
    id,
    recognise: {
      ...base.recognise,
      ouis: [oui],
      option60: [new RegExp(`^${word}(?: (?<model>\\S+))?`, 'i')],
      option60Hex: [`00${oui}`],
      option77: [new RegExp(`^${word}-(?<model>\\w+)$`, 'im')],
      hostname: [new RegExp(`^${word}-(?<model>\\w+)`, 'i')],
      enterprises: [enterprise],
      pnpVendor: [new RegExp(`^${word}$`, 'i')],
      userAgent: [new RegExp(`^${word} (?<model>\\S+) (?<firmware>[\\d.]+)$`, 'i')],
      option55: [[...asks]],
    },
  };
}

const ACME = maker(acme, 'acme', '02AC3E', 41_001, [1, 3, 6, 66]);
const BOLT = maker(bolt, 'bolt', '02B017', 41_002, [1, 3, 160]);
const catalogue: Catalogue = { vendors: [ACME, BOLT] };

/** A clue of each kind that names the maker. */
function clueOf(kind: ClueKind, maker: 'acme' | 'bolt'): Clue {
  const isAcme = maker === 'acme';
  const clues: Readonly<Record<ClueKind, Clue>> = {
    'user-agent': { kind: 'user-agent', text: `${maker} X1 1.2` },
    listed: { kind: 'listed', vendor: maker, model: 'X2' },
    'file-name': { kind: 'file-name', text: isAcme ? '02ac3e000001.boot' : '02B017000001.xml' },
    'pnp-event': { kind: 'pnp-event', vendor: maker, model: 'X3', version: '3' },
    'option-60': { kind: 'option-60', text: maker },
    enterprise: { kind: 'enterprise', numbers: [9, isAcme ? 41_001 : 41_002] },
    'option-77': { kind: 'option-77', classes: ['phones', `${maker}-X4`] },
    hostname: { kind: 'hostname', text: `${maker}-X5` },
    oui: { kind: 'oui', oui: isAcme ? '02ac3e' : '02b017' },
    'option-55': { kind: 'option-55', codes: isAcme ? [1, 3, 6, 66] : [1, 3, 160] },
  };
  return clues[kind];
}

const KINDS = (Object.keys(WEIGHT) as ClueKind[]).sort((a, b) => WEIGHT[b] - WEIGHT[a]);
const brief = (clues: readonly Clue[]): string =>
  scoresOf(catalogue, clues)
    .map(
      ({ vendor, score, clues: own }) =>
        `${vendor.id} ${score} (${own.map(({ clue }) => clue.kind).join(', ')})`,
    )
    .join('; ');

describe('each kind of clue', () => {
  test.each(KINDS)('%s names a maker with its weight', (kind) => {
    for (const maker of ['acme', 'bolt'] as const) {
      const clue = clueOf(kind, maker);
      expect(scoresOf(catalogue, [clue])).toEqual([
        {
          vendor: maker === 'acme' ? ACME : BOLT,
          score: WEIGHT[kind],
          clues: [{ clue, weight: WEIGHT[kind] }],
        },
      ]);
      expect(tells(catalogue, clue)).toBe(true);
    }
  });

  test.each(KINDS.map((kind, at) => ({ kind, lighter: KINDS.slice(at + 1) })))(
    '$kind outweighs all lighter ones together',
    ({ kind, lighter }) => {
      const others = lighter.map((each) => clueOf(each, 'bolt'));
      const whole: readonly Clue[] = others.map((each) =>
        each.kind === 'option-60' ? { kind: 'option-60', text: 'bolt B1' } : each,
      );
      expect(identify(catalogue, [...whole, clueOf(kind, 'acme')]).vendor).toBe('acme');
    },
  );
});

describe('what adds up', () => {
  test.each<{ clues: readonly Clue[]; is: string }>([
    { clues: [], is: '' },
    { clues: [{ kind: 'oui', oui: '000000' }], is: '' },
    { clues: [clueOf('oui', 'acme'), clueOf('option-55', 'acme')], is: 'acme 15 (oui, option-55)' },
    { clues: [clueOf('option-55', 'acme'), clueOf('oui', 'bolt')], is: 'bolt 10 (oui); acme 5 (option-55)' },
    {
      clues: [clueOf('oui', 'acme'), clueOf('option-55', 'bolt'), clueOf('hostname', 'bolt')],
      is: 'bolt 23 (hostname, option-55); acme 10 (oui)',
    },
    // A vendor class that names the model, whole, is worth more than one that only begins like the make.
    { clues: [{ kind: 'option-60', text: 'acme A10' }], is: `acme ${150 + WHOLE} (option-60)` },
    { clues: [{ kind: 'option-60', text: 'acme A10 and more' }], is: 'acme 150 (option-60)' },
    { clues: [{ kind: 'option-60', text: 'acme' }], is: 'acme 150 (option-60)' },
    // Binary, as the file lists it: 00 02 ac 3e.
    { clues: [{ kind: 'option-60', text: '\x00\x02\xac\x3e\x07' }], is: 'acme 150 (option-60)' },
    { clues: [{ kind: 'option-60', text: '\x00\x02\xac' }], is: '' },
  ])('$clues: $is', ({ clues, is }) => {
    expect(brief(clues)).toBe(is);
  });

  test('the same whatever the order', () => {
    const clues = fc.uniqueArray(
      fc.tuple(fc.constantFrom(...KINDS), fc.constantFrom('acme' as const, 'bolt' as const)),
      {
        selector: ([kind]) => kind,
      },
    );
    let decided = 0;
    fc.assert(
      fc.property(clues, (pairs) => {
        const list = pairs.map(([kind, maker]) => clueOf(kind, maker));
        const scores = scoresOf(catalogue, list);
        if (scores.length > 1) decided += 1;
        expect(scoresOf(catalogue, [...list].reverse())).toEqual(scores);
        expect(identify(catalogue, list).vendor).toBe(scores[0]?.vendor.id);
        // Who says the heaviest thing wins.
        const [heaviest] = [...pairs].sort(([a], [b]) => WEIGHT[b] - WEIGHT[a]);
        expect(scores[0]?.vendor.id).toBe(heaviest?.[1]);
        const sum = scores.reduce((total, { score }) => total + score, 0);
        expect(sum).toBe(pairs.reduce((total, [kind]) => total + WEIGHT[kind], 0));
      }),
    );
    expect(decided).toBeGreaterThan(20);
  });

  test('clues come heaviest first, each with its own weight', () => {
    const [best] = scoresOf(catalogue, [
      clueOf('option-55', 'acme'),
      clueOf('listed', 'acme'),
      clueOf('oui', 'acme'),
    ]);
    expect(best?.clues.map(({ clue, weight }) => [clue.kind, weight])).toEqual([
      ['listed', 1400],
      ['oui', 10],
      ['option-55', 5],
    ]);
  });
});

describe('what names nobody', () => {
  const both: Catalogue = { vendors: [ACME, { ...BOLT, recognise: { ...ACME.recognise } }] };
  test.each(['oui', 'option-55', 'enterprise'] as const)('%s of two makers', (kind) => {
    expect(scoresOf(both, [clueOf(kind, 'acme')])).toEqual([]);
    expect(tells(both, clueOf(kind, 'acme'))).toBe(false);
  });

  test('a file for which phones of two makers ask', () => {
    expect(scoresOf(catalogue, [{ kind: 'file-name', text: 'a000000.cfg' }])).toEqual([]);
  });

  test('option 55 in another order, or with one code more', () => {
    for (const codes of [[3, 1, 6, 66], [1, 3, 6, 66, 67], []]) {
      expect(scoresOf(catalogue, [{ kind: 'option-55', codes }])).toEqual([]);
    }
  });

  test('two user classes that name the make only together', () => {
    expect(scoresOf(catalogue, [{ kind: 'option-77', classes: ['ac', 'me-X4'] }])).toEqual([]);
  });

  test('a list that names no make, or none that is known', () => {
    expect(scoresOf(catalogue, [{ kind: 'listed' }, { kind: 'listed', vendor: 'nobody' }])).toEqual([]);
  });

  test('nothing at all: the identity of all strangers is one object', () => {
    expect(identify(catalogue, [])).toBe(identify(catalogue, [{ kind: 'oui', oui: '000000' }]));
    expect(identify(catalogue, [])).toEqual({ by: 'nothing it has said so far', conflicts: [] });
  });
});

describe('the identity', () => {
  test('has its model from the heaviest clue of the make that names one, and says who objects', () => {
    const clues: readonly Clue[] = [
      clueOf('oui', 'bolt'),
      clueOf('hostname', 'acme'),
      clueOf('option-77', 'acme'),
      clueOf('enterprise', 'acme'),
      clueOf('option-55', 'bolt'),
    ];
    expect(identify(catalogue, clues)).toEqual({
      vendor: 'acme',
      model: 'X4',
      firmware: undefined,
      by: 'DHCP option 124 or 125',
      conflicts: ['its MAC says Bolt', 'DHCP option 55 says Bolt'],
    });
  });

  test('spells the model as the file of the make does', () => {
    expect(identify(catalogue, [{ kind: 'hostname', text: 'acme-sipa10' }])).toMatchObject({ model: 'A10' });
    expect(identify(catalogue, [{ kind: 'option-77', classes: ['acme-a20'] }])).toMatchObject({
      model: 'A20',
    });
  });

  test('takes from another make nothing but its objection', () => {
    expect(identify(catalogue, [clueOf('user-agent', 'acme'), clueOf('pnp-event', 'bolt')])).toMatchObject({
      vendor: 'acme',
      model: 'X1',
      firmware: '1.2',
      conflicts: ['its PnP request says Bolt'],
    });
  });
});

test('a make may be known by one thing alone', () => {
  const none = { ouis: [], option60: [], option60Hex: [], option77: [], hostname: [], pnpVendor: [] };
  const recognise = { ...none, userAgent: [], option55: [], enterprises: [7] };
  const plain: Catalogue = { vendors: [{ ...acme, recognise }] };
  expect(identify(plain, [{ kind: 'enterprise', numbers: [7] }]).vendor).toBe('acme');
  expect(identify(plain, [{ kind: 'option-60', text: 'acme A10' }]).vendor).toBeUndefined();
});
