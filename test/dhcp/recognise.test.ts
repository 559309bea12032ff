// From a question to class, standing and offer; and for whom one offer serves.
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/dhcp/classes.ts';
import { createHabitReader } from '../../src/dhcp/clues.ts';
import { encodeHex } from '../../src/dhcp/options.ts';
import { createClientRecogniser, type Recognise, type RecogniserParts } from '../../src/dhcp/recognise.ts';
import { questionOf } from '../../src/dhcp/request.ts';
import type { DhcpSite } from '../../src/site/site.ts';
import { HOUR, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';
import { classNamed, relayedSubnet, STRANGER, URL } from './scene.ts';

type Bench = (what: Said, client?: Client) => ReturnType<Recognise>;

function bench(dhcp: Partial<DhcpSite> = {}, parts: Partial<RecogniserParts> = {}): Bench {
  const lan = lanSite(dhcp);
  const recognise = createClientRecogniser({
    ...{ lan, provisioning, catalogue: { vendors: [vendor()] }, urlFor: () => URL },
    ...parts,
  });
  const habitsOf = createHabitReader();
  return (what, client = PHONE) => {
    const question = questionOf(said({ type: 'discover', ...what }), lan);
    if (!question.ok) throw new Error(question.error);
    return recognise(question.value, client, habitsOf(question.value.request));
  };
}

/** Phones of a model share what is known of them, so it is one object. */
const IDENTITY = phoneOf(1).identity;
const PHONE: Client = { mac: phoneMac(1), identity: IDENTITY };
const OTHER: Client = { mac: phoneMac(2), identity: IDENTITY };
const LISTED = { mac: phoneMac(1), columns: {} };

describe('the standing', () => {
  const inClass = { classes: [classNamed('c', { when: { asks: [77] } })] };
  test.each([
    { of: 'a phone of the list', client: { ...PHONE, listed: LISTED }, is: 'listed' },
    { of: 'a stranger of the list', client: { ...STRANGER, listed: LISTED }, is: 'listed' },
    { of: 'a phone of a known make', client: PHONE, is: 'recognised' },
    { of: 'a stranger', client: STRANGER, is: 'stranger' },
    { of: 'a stranger of a class', client: STRANGER, what: { asks: [77] }, is: 'recognised' },
    {
      of: 'a phone whose make has no file any more',
      client: { identity: { ...IDENTITY, vendor: 'gone' } },
      is: 'recognised',
    },
  ])('of $of: $is', ({ client, what = {}, is }) => {
    expect(bench(inClass)(what, client).standing).toBe(is);
  });
});

test('a class by anything that the message says', () => {
  const classes = [
    classNamed('port', { when: { circuitId: /^gi7$/ } }),
    classNamed('there', { when: { subnet: relayedSubnet('10.30.0.0/24').subnet } }),
    classNamed('asking', { when: { asks: [77] } }),
  ];
  const recognised = bench({ classes, relayed: [relayedSubnet('10.30.0.0/24')] });
  const port = [82, encodeHex('0103676937')] as const;
  expect(recognised({}).class).toBeUndefined();
  expect(recognised({ asks: [77] }).class?.name).toBe('asking');
  expect(recognised({ asks: [77], giaddr: '10.30.0.1' }).class?.name).toBe('there');
  expect(recognised({ asks: [77], giaddr: '10.30.0.1', more: [port] }).class?.name).toBe('port');
  expect(recognised({ asks: [77], more: [port] }).class?.name).toBe('asking');
});

test('switch ports count through a relay, or where they are trusted', () => {
  const classes = [classNamed('port', { when: { circuitId: /^gi7$/ } })];
  const what: Said = { more: [[82, encodeHex('0103676937')]] };
  expect(bench({ classes })(what).class).toBeUndefined();
  expect(bench({ classes, trust82: true })(what).class?.name).toBe('port');
});

describe('one offer serves', () => {
  test('all phones of a make that ask alike', () => {
    const recognised = bench();
    const first = recognised({ asks: [1, 66] }).offer;
    expect(recognised({ asks: [1, 66], mac: phoneMac(2) }, OTHER).offer).toBe(first);
  });

  test('not those that ask otherwise, in another subnet, or of another class', () => {
    const classes = [classNamed('c', { when: { hostname: /^c/ } })];
    const recognised = bench({ classes, relayed: [relayedSubnet('10.30.0.0/24')] });
    const rows: readonly Said[] = [
      { asks: [1, 66] },
      { asks: [1, 66, 67] },
      { asks: [1, 66], giaddr: '10.30.0.1' },
      { asks: [1, 66], more: [[12, encodeHex('63')]] },
    ];
    const offers = rows.map((what) => recognised(what).offer);
    expect(new Set(offers).size).toBe(rows.length);
  });

  test('not one phone for another where values speak of the phone', () => {
    const mine = { '43': { text: '{mac}' } } as const;
    const classes = (options = {}) => [classNamed('c', { options })];
    const personal: readonly { where: string; made: Bench }[] = [
      {
        where: 'the make',
        made: bench({}, { catalogue: { vendors: [vendor({ options: { '43': { text: 'a{MAC}' } } })] } }),
      },
      {
        where: 'its form of the URL',
        made: bench({}, { catalogue: { vendors: [{ ...vendor(), url: '{url}{mac}/' }] } }),
      },
      { where: 'its file', made: bench({}, { catalogue: { vendors: [vendor({ file: '{mac}.cfg' })] } }) },
      {
        where: 'its rescue',
        made: bench(
          {},
          { catalogue: { vendors: [vendor({ rescue: [{ option60: 'x', sname: '{mac}' }] })] } },
        ),
      },
      { where: 'the class', made: bench({ classes: classes(mine) }) },
      { where: 'a field of the class', made: bench({ classes: [classNamed('c', { siaddr: '{serial}' })] }) },
      { where: 'the subnet', made: bench({ options: mine }) },
      { where: 'the site', made: bench({}, { provisioning: { ...provisioning, extraOptions: mine } }) },
      {
        where: 'the URL',
        made: bench({}, { provisioning: { ...provisioning, url: 'http://{server}/{mac}/' } }),
      },
    ];
    for (const { where, made } of personal) {
      const [first, second, again] = [PHONE, OTHER, PHONE].map(
        (client) => made({ asks: [1, 43] }, client).offer,
      );
      expect([where, first?.isPersonal, second === first, again === first]).toEqual([
        where,
        true,
        false,
        false,
      ]);
    }
  });

  test('each gets what is its own', () => {
    const made = bench({ options: { '43': { text: '{mac}' } } });
    const texts = [PHONE, OTHER].map((client) => made({}, client).offer.options.get(43)?.text);
    expect(texts).toEqual([phoneMac(1), phoneMac(2)]);
  });

  test('a device that names itself by TR-069 gets its own too', () => {
    const device = encodeHex('00000de9080102aabb0202ccdd');
    const made = bench();
    expect(made({ more: [[125, device]] }).offer.isPersonal).toBe(true);
  });

  test('a class has its own offer in each subnet', () => {
    const classes = [classNamed('c', { lease: HOUR * 2 })];
    const recognised = bench({ classes, relayed: [relayedSubnet('10.30.0.0/24')] });
    const [here, there] = [{}, { giaddr: '10.30.0.1' }].map((what) => recognised(what).offer);
    expect([here, there].map((offer) => offer?.options.get(3)?.text)).toEqual(['10.20.0.254', '10.30.0.254']);
    expect([here?.lease, there?.lease]).toEqual([HOUR * 2, HOUR * 2]);
  });
});

test('the memory for ways of asking has an end, and the answers stay the same after it', () => {
  const recognised = bench();
  const first = recognised({ asks: [1, 66] }).offer;
  for (let way = 0; way < 5000; way += 1) recognised({ asks: [way % 255, way >> 8], vendorClass: `v${way}` });
  const { offer } = recognised({ asks: [1, 66] });
  expect(JSON.stringify([...offer.options.values()])).toBe(JSON.stringify([...first.options.values()]));
});
