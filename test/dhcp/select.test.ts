// Which of the options there are one reply carries, and in which order.
import { describe, expect, test } from 'vitest';
import { makeOffer, type OfferedOptions } from '../../src/dhcp/offer.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import { selectOptions } from '../../src/dhcp/select.ts';
import { lanSite, phoneOf, provisioning, vendor } from './kit.ts';
import { classNamed, URL } from './scene.ts';

const lan = lanSite();

function offered(dhcp: Record<string, unknown> = {}, force: readonly number[] = []): OfferedOptions {
  return makeOffer({
    ...{ lan, scope: ownScope(lan), provisioning, vendor: vendor(dhcp), client: phoneOf(1), url: URL },
    class: classNamed('c', { force }),
  }).options;
}

const options = offered({ options: { '43': { text: '{url}' } }, force: [43] });
const codes = (from: OfferedOptions, asked: readonly number[] | undefined): readonly number[] =>
  selectOptions(from, asked).options.map(({ code }) => code);

describe('what a reply carries', () => {
  test.each([
    { when: 'the phone asks in its own order', asked: [66, 6, 3], codes: [54, 51, 1, 43, 66, 6, 3, 58, 59] },
    { when: 'the router comes before the mask', asked: [3, 1], codes: [54, 51, 1, 43, 3, 58, 59] },
    {
      when: 'it asks for T1 and the forced option itself',
      asked: [58, 43, 66],
      codes: [54, 51, 1, 58, 43, 66, 59],
    },
    {
      when: 'it repeats itself and asks for what there is not',
      asked: [66, 66, 0, 255, 53, 119, 82],
      codes: [54, 51, 1, 43, 66, 58, 59],
    },
    {
      when: 'it asks for all there are',
      asked: Array.from({ length: 254 }, (_, at) => at + 1),
      codes: [54, 51, 1, 3, 6, 28, 43, 58, 59, 66, 150, 160],
    },
    {
      when: 'it asks for nothing by name',
      asked: undefined,
      codes: [54, 51, 1, 3, 6, 28, 58, 59, 66, 150, 160, 43],
    },
  ])('$when', ({ asked, codes: wanted }) => {
    expect(codes(options, asked)).toEqual(wanted);
  });

  test('what is forced comes before what is asked for, wherever it is forced', () => {
    expect(codes(offered({ force: [160] }, [6]), [66])).toEqual([54, 51, 1, 6, 160, 66, 58, 59]);
  });

  test('forced, but not there: nothing', () => {
    expect(codes(offered({ force: [119] }), [66])).toEqual([54, 51, 1, 66, 58, 59]);
  });
});

test.each([
  { asked: [1, 3, 6], url: URL, urls: [] },
  { asked: [160, 43, 1, 66, 66, 150], url: URL, urls: [160, 43, 66] },
  { asked: undefined, url: URL, urls: [66, 160, 43] },
])('of $asked the URL comes by $urls', ({ asked, url, urls }) => {
  // 43 carries it forced; learning from what it did not ask for is not to be counted on.
  expect(selectOptions(options, asked)).toMatchObject({ url, urlOptions: urls });
});

test('without an option that carries it there is no URL', () => {
  expect(selectOptions(offered(), [1, 3, 6])).toMatchObject({ url: undefined, urlOptions: [] });
});

test('the same way of asking gets the same selection; so many ways that the memory is emptied do no harm', () => {
  const asked = [66, 6, 3];
  const first = selectOptions(options, asked);
  expect(selectOptions(options, asked)).toBe(first);
  for (let code = 0; code < 200; code += 1) selectOptions(options, [code]);
  expect(selectOptions(options, asked)).toEqual(first);
  expect(selectOptions(offered(), asked)).not.toEqual(first);
});
