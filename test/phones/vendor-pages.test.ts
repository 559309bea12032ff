// The pages of config/vendors/README.md say what the vendor files say: the lines that can be made from them are made here.
import { describe, expect, test } from 'vitest';
import { showDuration } from '../../src/base/units.ts';
import { readCatalogue } from '../../src/phones/catalogue.ts';
import type { Vendor } from '../../src/phones/vendor.ts';
import { list, read } from './kit.ts';

const { catalogue } = await readCatalogue('config/vendors', {
  values: {},
  at: () => ({ file: '', message: '' }),
});
const pages = new Map(
  read('config/vendors/README.md')
    .split(/^## /m)
    .slice(1)
    .map((page) => [page.slice(0, page.indexOf('\n')), page]),
);
const titleOf = ({ name, id }: Vendor): string => `${name} (${id}.yaml)`;

test('every vendor file has its page, and every page its file', () => {
  const files = list('config/vendors').filter((name) => name.endsWith('.yaml'));
  expect(catalogue.vendors.map(({ id }) => `${id}.yaml`)).toEqual(files.sort());
  expect([...pages.keys()].sort()).toEqual(catalogue.vendors.map(titleOf).sort());
});

describe.each(catalogue.vendors)('the page of $name', (vendor) => {
  const page = pages.get(titleOf(vendor)) ?? '';

  test.each(factsOf(vendor))('says: %s', (fact) => {
    expect(page.split('\n')).toContain(fact);
  });

  test('has its other lines, in the order of the other pages, and no more than ten', () => {
    const words = [...page.matchAll(/^- \*\*([^*]+)\*\*: ./gm)].map(([, word]) => word);
    expect(words.slice(0, 4)).toEqual(['Ways', 'Files', 'Writes', 'Wake']);
    expect(words.slice(4, 7)).toEqual(['Quiet', 'Expect', 'Factory reset']);
    expect(new Set(words.slice(7))).toEqual(new Set(['Trap']));
    expect(words.length).toBeLessThanOrEqual(10);
  });

  test('names no file, event or setting that is not in the data', () => {
    const data = read(`config/vendors/${vendor.id}.yaml`) + templatesOf(vendor.id);
    const named = [...page.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    const foreign = named.filter((code) => !code.startsWith('unboxd ') && !data.includes(code));
    expect(foreign).toEqual([]);
  });
});

function templatesOf(id: string): string {
  return list(`config/templates/${id}`)
    .map((name) => read(`config/templates/${id}/${name}`))
    .join('\n');
}

/** Each as one line, however long: as an editor shows it, and as it stands in the page. */
function factsOf({ dhcp, pnp, files, uploads, wake, silence }: Vendor): readonly string[] {
  const asked = files.map(
    ({ ask, never, template }) =>
      `\`${ask}\`${never === undefined ? (template === undefined ? ' (optional)' : '') : ' (never served)'}`,
  );
  const wakes = [wake.fetch, wake.reboot, wake.restart, wake.report, wake.profile].flatMap((way) =>
    way === undefined ? [] : `\`${way.event}\` ${way.effect}`,
  );
  return [
    `- **Ways**: DHCP option ${dhcp.obeys.join(', ')}; ${pnp.asks ? 'asks by PnP' : 'never asks by PnP'}.`,
    `- **Files**: ${asked.join(', ')}.`,
    `- **Writes**: ${uploads.length === 0 ? 'nothing' : uploads.map(({ ask }) => `\`${ask}\``).join(', ')}.`,
    `- **Wake**: ${wakes.join('; ')}${wake.challenges ? '; asks for a password' : ''}.`,
    `- **Quiet**: up to ${showDuration(silence)} is normal; after that it counts as stuck.`,
  ];
}
