// What a class, a rescue and the lists of forced and suppressed options do to an offer.
import { describe, expect, test } from 'vitest';
import { showIpv4 } from '../../src/base/ipv4.ts';
import { createHabitReader } from '../../src/dhcp/clues.ts';
import { makeOffer, type Offer, type OfferCase } from '../../src/dhcp/offer.ts';
import { encodeHex } from '../../src/dhcp/options.ts';
import { ownScope } from '../../src/dhcp/request.ts';
import type { ClientClass, DhcpSite } from '../../src/site/site.ts';
import { HOUR, lanSite, phoneMac, phoneOf, provisioning, type Said, said, vendor } from './kit.ts';
import { classNamed, STRANGER, URL } from './scene.ts';

interface Case {
  readonly dhcp?: Partial<DhcpSite>;
  /** `dhcp` of the vendor file. */
  readonly make?: Record<string, unknown>;
  readonly group?: Partial<ClientClass>;
  readonly says?: Said;
  readonly changes?: Partial<OfferCase>;
}

function offer({ dhcp = {}, make = {}, group, says = {}, changes = {} }: Case): Offer {
  const lan = lanSite(dhcp);
  return makeOffer({
    ...{ lan, scope: ownScope(lan), provisioning, vendor: vendor(make), client: phoneOf(1), url: URL },
    habits: createHabitReader()(said({ type: 'discover', ...says })),
    class: group === undefined ? undefined : classNamed('c', group),
    ...changes,
  });
}

/** Whose word each of these codes is, `-` where it is not offered; `!` where it is forced. */
const words = (made: Offer, codes: readonly number[]): string =>
  codes
    .map((code) => {
      const option = made.options.get(code);
      return option === undefined ? '-' : `${option.from}${option.forced ? '!' : ''}`;
    })
    .join(' ');

describe('a class', () => {
  test('says the last word on options, lease and fields', () => {
    const made = offer({
      make: { siaddr: '10.9.9.9', sname: 'a', file: 'b', lease: '10m', options: { '43': { text: 'm' } } },
      group: {
        siaddr: '{server}',
        sname: 'boot',
        file: '{MAC}.rom',
        lease: 2 * HOUR,
        options: { '43': { text: 'c' } },
      },
    });
    expect([showIpv4(made.siaddr), made.sname, made.file]).toEqual([
      '10.20.0.1',
      'boot',
      `${phoneMac(1).toUpperCase()}.rom`,
    ]);
    expect([made.lease, made.options.get(51)?.text, made.options.get(51)?.from]).toEqual([
      2 * HOUR,
      '7200 s',
      'class',
    ]);
    expect(made.options.get(43)?.text).toBe('c');
  });

  test('leaves alone what it does not name', () => {
    const made = offer({ make: { siaddr: '10.9.9.9', sname: 'a', file: 'b', lease: '10m' }, group: {} });
    expect([showIpv4(made.siaddr), made.sname, made.file, made.lease]).toEqual([
      '10.9.9.9',
      'a',
      'b',
      600_000,
    ]);
    expect(made.options.get(51)?.text).toBe('600 s');
  });

  test('can take the fields of its make away only by others', () => {
    expect(offer({ make: { file: 'b' }, group: { file: '{serial}' } }).file).toBe('');
  });
});

describe('option 43', () => {
  const stranger: Case['changes'] = { vendor: undefined, client: STRANGER };
  test.each([
    { of: 'the site', dhcp: { options: { '43': { text: 'x' } } }, is: '-' },
    { of: 'its class', group: { options: { '43': { text: 'x' } } }, is: 'class' },
    { of: 'its class, which needs the URL', group: { options: { '43': { text: '{url}' } } }, is: '-' },
  ])('for an unknown make, by $of: $is', ({ is, ...rest }) => {
    expect(words(offer({ ...rest, changes: stranger }), [43])).toBe(is);
  });

  test('for a known make by the subnet', () => {
    expect(words(offer({ dhcp: { options: { '43': { text: 'x' } } } }), [43])).toBe('site');
  });
});

describe('forced and suppressed', () => {
  const x = { '43': { text: 'x' } } as const;
  const rows: readonly { when: string; is: string; case: Case }[] = [
    { when: 'nobody forces', is: 'vendor', case: { make: { options: x } } },
    { when: 'the make forces', is: 'vendor!', case: { make: { options: x, force: [43] } } },
    { when: 'the subnet forces', is: 'vendor!', case: { make: { options: x }, dhcp: { force: [43] } } },
    { when: 'the class forces', is: 'vendor!', case: { make: { options: x }, group: { force: [43] } } },
    { when: 'the make suppresses', is: '-', case: { make: { options: x, suppress: [43] } } },
    { when: 'the subnet suppresses', is: '-', case: { make: { options: x }, dhcp: { suppress: [43] } } },
    { when: 'the class suppresses', is: '-', case: { make: { options: x }, group: { suppress: [43] } } },
    {
      when: 'the make forces, the subnet suppresses',
      is: '-',
      case: { make: { options: x, force: [43] }, dhcp: { suppress: [43] } },
    },
    {
      when: 'the make suppresses, the class sets',
      is: 'class',
      case: { make: { options: x, suppress: [43] }, group: { options: x } },
    },
    {
      when: 'the subnet suppresses, the class sets',
      is: 'class',
      case: { dhcp: { suppress: [43] }, group: { options: x } },
    },
    {
      when: 'the make suppresses, the class forces',
      is: 'vendor!',
      case: { make: { options: x, suppress: [43] }, group: { force: [43] } },
    },
    { when: 'the class sets and suppresses', is: '-', case: { group: { options: x, suppress: [43] } } },
    {
      when: 'the class forces and suppresses',
      is: '-',
      case: { make: { options: x }, group: { force: [43], suppress: [43] } },
    },
    {
      when: 'somebody forces what nobody has',
      is: '-',
      case: { make: { force: [43] }, dhcp: { force: [43] }, group: { force: [43] } },
    },
  ];
  test.each(rows)('$when: $is', ({ is, case: of }) => {
    expect(words(offer(of), [43])).toBe(is);
  });

  test('the router and the URL can be suppressed', () => {
    expect(words(offer({ dhcp: { suppress: [3, 66, 160] } }), [3, 6, 66, 160])).toBe('- lan - -');
  });

  test('what the protocol needs cannot', () => {
    const needed = [51, 54, 58, 59];
    expect(words(offer({ dhcp: { suppress: needed }, group: { suppress: needed } }), needed)).toBe(
      'lan lan lan lan',
    );
  });
});

describe('a rescue: for phones that stopped half-way through an update', () => {
  const rescue = [
    { option77: '^loader$', options: { '67': { text: 'seventy-seven' } }, file: 'r77', lease: '2m' },
    { option60: '^half', options: { '67': { text: 'sixty' } }, siaddr: '{server}', sname: 'r60' },
    { option60: '^half', option77: '^second$', options: { '67': { text: 'never' } } },
    { option60: '^twice', option77: '^b$', options: { '67': { text: 'both' } } },
  ];
  const loader = [77, Uint8Array.from(encodeHex('066c6f61646572'))] as const;
  const make = { options: { '67': { text: 'make' } }, file: 'f', lease: '10m', rescue };

  test.each([
    {
      by: 'option 77',
      says: { more: [loader] },
      text: 'seventy-seven',
      file: 'r77',
      sname: '',
      lease: 120_000,
    },
    {
      by: 'option 60',
      says: { vendorClass: 'half done' },
      text: 'sixty',
      file: 'f',
      sname: 'r60',
      lease: 600_000,
    },
    {
      by: 'the first of two',
      says: { vendorClass: 'half done', more: [loader] },
      text: 'seventy-seven',
      file: 'r77',
      sname: '',
      lease: 120_000,
    },
    {
      by: 'both',
      says: { vendorClass: 'twice', more: [[77, Uint8Array.from(encodeHex('01610162'))]] as const },
      text: 'both',
      file: 'f',
      sname: '',
      lease: 600_000,
    },
    { by: 'one of both', says: { vendorClass: 'twice' }, text: 'make', file: 'f', sname: '', lease: 600_000 },
    { by: 'neither', says: { vendorClass: 'whole' }, text: 'make', file: 'f', sname: '', lease: 600_000 },
    { by: 'silence', says: {}, text: 'make', file: 'f', sname: '', lease: 600_000 },
  ])('by $by: $text', ({ says, text, file, sname, lease }) => {
    const made = offer({ make, says });
    expect(made).toMatchObject({ file, sname, lease });
    expect(made.options.get(67)?.text).toBe(text);
  });

  test('its options are sent unasked', () => {
    expect(words(offer({ make, says: { more: [loader] } }), [67, 66])).toBe('rescue! site');
    expect(words(offer({ make, says: {} }), [67])).toBe('vendor');
  });

  test('the class of the settings beats it, field by field', () => {
    const group = { options: { '67': { text: 'class' } }, file: 'fc', lease: HOUR };
    const made = offer({ make, says: { more: [loader] }, group });
    expect([made.options.get(67)?.text, made.file, made.lease]).toEqual(['class', 'fc', HOUR]);
    const named = offer({ make, says: { vendorClass: 'half' }, group: { siaddr: '10.9.9.9', sname: 'sc' } });
    expect([showIpv4(named.siaddr), named.sname, named.options.get(67)?.text]).toEqual([
      '10.9.9.9',
      'sc',
      'sixty',
    ]);
    const other = offer({ make, says: { vendorClass: 'half' }, group: {} });
    expect([showIpv4(other.siaddr), other.sname]).toEqual(['10.20.0.1', 'r60']);
  });

  test('an unknown make has none', () => {
    const made = offer({ make, says: { more: [loader] }, changes: { vendor: undefined, client: STRANGER } });
    expect([made.options.has(67), made.file]).toEqual([false, '']);
  });
});
