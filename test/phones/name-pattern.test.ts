import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesOf, matchFile } from '../../src/phones/files.ts';
import { likeOf, patternOf } from '../../src/phones/name-pattern.ts';
import { catalogue, vendors } from './kit.ts';

test.each([
  { like: String.raw`^y0+\.boot$`, head: 'y0', tail: '.boot' },
  { like: String.raw`^y0*(?<number>\d{1,3})\.cfg$`, head: 'y', tail: '.cfg' },
  { like: String.raw`^[\w.-]+\.tuz$`, head: '', tail: '.tuz' },
  { like: String.raw`^\w+\.st$`, head: '', tail: '.st' },
  { like: String.raw`^KX-[a-z]+\d+\w*\.CFG$`, head: 'kx-', tail: '.cfg' },
  { like: String.raw`^spa-?\w+\.cfg$`, head: 'spa', tail: '.cfg' },
  { like: String.raw`^fa{2,3}x\d$`, head: 'f', tail: '' },
  { like: String.raw`^ab\w$`, head: 'ab', tail: '' },
  { like: String.raw`^a(?:b|c)d\.cfg$`, head: 'a', tail: 'd.cfg' },
  { like: String.raw`^[a|b]c\.cfg$`, head: '', tail: 'c.cfg' },
  { like: String.raw`^a\.cfg|b\.cfg$`, head: '', tail: '' },
  { like: String.raw`a\.cfg`, head: '', tail: '' },
  { like: String.raw`^a\x2ecfg$`, head: '', tail: '' },
  { like: String.raw`^a\u002ecfg$`, head: '', tail: '' },
  { like: String.raw`^snom(?<type>\d+)?\.html?$`, head: 'snom', tail: '' },
])('all that fits $like begins with "$head" and ends in "$tail"', ({ like, head, tail }) => {
  expect(likeOf(new RegExp(like, 'i'))).toMatchObject({ head, tail });
});

describe('of the built-in makes', () => {
  const forms = vendors.flatMap((maker) =>
    maker.files.flatMap(({ ask, like }) => [
      patternOf(maker, ask),
      ...(like === undefined ? [] : [likeOf(like)]),
    ]),
  );
  test.each(forms)('whatever fits $pattern begins and ends so', ({ pattern, head, tail }) => {
    // The generator knows neither case nor repeated groups.
    const generated = new RegExp(pattern.source.replaceAll(/\\k<mac>/g, '001565123456'));
    fc.assert(
      fc.property(fc.stringMatching(generated), (name) => {
        expect([name.toLowerCase().startsWith(head), name.toLowerCase().endsWith(tail)]).toEqual([
          true,
          true,
        ]);
      }),
      { numRuns: 50 },
    );
  });

  test('a name is meant by the same makes whether they are asked together or one by one', () => {
    const names = forms.map(({ pattern }) =>
      fc.stringMatching(new RegExp(pattern.source.replaceAll(/\\k<mac>/g, ''))),
    );
    const known = fc.oneof(...names, fc.string(), fc.stringMatching(/^[0-9A-F]{12}\.[A-Za-z]{2,4}$/));
    fc.assert(
      fc.property(known, (name) => {
        const alone = vendors.flatMap((maker) => matchFile(maker, name)?.file ?? []);
        expect(matchesOf(catalogue, name).map(({ file }) => file)).toEqual(alone);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    { name: 'Y000000000000.BOOT', makes: ['flyingvoice', 'yealink'] },
    { name: 'cfg000b82123456', makes: ['grandstream', 'htek'] },
    { name: 'nothing.of.ours', makes: [] },
  ])('$name is asked for by $makes', ({ name, makes }) => {
    expect(matchesOf(catalogue, name).map((match) => match.vendor.id)).toEqual(makes);
  });
});
