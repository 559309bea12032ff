// The built-in templates and the example list.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseTemplate, render } from '../../src/files/render.ts';
import { identify } from '../../src/phones/identify.ts';
import { readInventory } from '../../src/phones/inventory.ts';
import { modelOf } from '../../src/phones/vendor.ts';
import { catalogue, read, vendor, vendors } from './kit.ts';

describe('templates', () => {
  const unlisted = {
    label: '',
    extension: '',
    mac: '020000000001',
    model: 'T46S',
    server: '10.20.0.1',
    url: 'http://10.20.0.1/',
    listed: false,
  };
  const listed = {
    ...unlisted,
    listed: true,
    label: 'Réception',
    extension: '101',
    sip_server: '10.20.0.5',
    sip_user: '101',
    sip_password: 's3cret',
  };
  const all = vendors.flatMap(({ id, files, config }) =>
    files.flatMap(({ template, role }) =>
      template === undefined ? [] : [{ id, template, role, header: config.header ?? '' }],
    ),
  );

  function rendered(id: string, template: string, variables: Readonly<Record<string, unknown>>): string {
    const path = `config/templates/${id}/${template}`;
    expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
    const parsed = parseTemplate(path, read(path));
    if (!parsed.ok) return expect.fail(JSON.stringify(parsed.error));
    const text = render(parsed.value, { vendor: id, ...variables });
    return text.ok ? text.value : expect.fail(JSON.stringify(text.error));
  }

  test.each(all)(
    '$id/$template: the header is first, the same input gives the same bytes',
    ({ id, template, header }) => {
      for (const variables of [unlisted, listed]) {
        const text = rendered(id, template, variables);
        expect(text.startsWith(header)).toBe(true);
        expect(text.endsWith('\n') && !text.includes('{{') && !text.includes('{%')).toBe(true);
        expect(rendered(id, template, variables)).toBe(text);
      }
    },
  );

  test.each(all.filter(({ role }) => role === 'own'))(
    '$id/$template: an account only for a listed phone',
    ({ id, template }) => {
      expect(rendered(id, template, listed)).toContain('s3cret');
      expect(rendered(id, template, { ...listed, listed: false })).not.toMatch(/s3cret|account\.1|SIP1|_1_/);
      expect(rendered(id, template, { ...listed, sip_user: undefined })).not.toMatch(
        /s3cret|account\.1|SIP1|_1_/,
      );
    },
  );

  test.each(all.filter(({ role }) => role === 'own'))(
    '$id/$template: a missing column is a mistake that names it',
    ({ id, template }) => {
      const parsed = parseTemplate(template, read(`config/templates/${id}/${template}`));
      const { sip_server: _left_out, ...variables } = listed;
      const text = parsed.ok ? render(parsed.value, variables) : expect.fail('does not parse');
      expect(text).toMatchObject({
        ok: false,
        error: { message: expect.stringContaining('sip_server') as unknown },
      });
    },
  );

  test.each(all)('$id/$template: no value makes a line of its own', ({ id, template }) => {
    const evil = 'x\nstatic.evil = 1\r\nstatic.evil = 2\rstatic.evil = 3';
    const columns = [
      'label',
      'extension',
      'url',
      'sip_server',
      'sip_user',
      'sip_auth',
      'sip_password',
      'sip_port',
      'admin_password',
      'user_password',
    ];
    const harmless = rendered(id, template, {
      ...listed,
      ...Object.fromEntries(columns.map((name) => [name, 'x'])),
    });
    for (const column of columns) {
      const text = rendered(id, template, {
        ...listed,
        ...Object.fromEntries(columns.map((name) => [name, 'x'])),
        [column]: evil,
      });
      expect(text.split(/[\r\n]+/), column).toHaveLength(harmless.split(/[\r\n]+/).length);
    }
  });

  test('XML values are escaped', () => {
    const text = rendered('cisco', 'phone.xml', {
      ...listed,
      label: '<b>&"',
      sip_password: '</Password_1_>',
    });
    expect(text).toContain('<Display_Name_1_>&lt;b&gt;&amp;&#34;</Display_Name_1_>');
    expect(text).toContain('<Password_1_>&lt;/Password_1_&gt;</Password_1_>');
  });

  test('a Fanvil sees another version whenever a value of its own file changes, in the common file as well', () => {
    const versionOf = (template: string, variables: Readonly<Record<string, unknown>>): string =>
      /^<<VOIP CONFIG FILE>>Version:(2\.\d{10})$/m.exec(rendered('fanvil', template, variables))?.[1] ??
      expect.fail('no version');
    const cases = [
      unlisted,
      listed,
      { ...listed, label: 'Reception' },
      { ...listed, sip_password: 's3creT' },
      { ...listed, sip_port: '5070' },
      { ...listed, sip_auth: 'a' },
    ];
    const own = cases.map((variables) => versionOf('phone.cfg', variables));
    expect(new Set(own).size).toBe(cases.length);
    expect(cases.map((variables) => versionOf('common.cfg', variables))).toEqual(own);
  });

  test('a Cisco is led from the common file to its own', () => {
    expect(rendered('cisco', 'common.xml', unlisted)).toContain(
      '<Profile_Rule_B>http://10.20.0.1/$MA.xml</Profile_Rule_B>',
    );
    expect(rendered('cisco', 'phone.xml', unlisted)).toContain(
      '<Profile_Rule>http://10.20.0.1/$MA.xml</Profile_Rule>',
    );
  });
});

test('the example list has no mistake and every phone in it a maker', () => {
  const { phones, mistakes } = readInventory(
    'phones.example.csv',
    read('config/phones.example.csv'),
    catalogue,
  );
  expect(mistakes).toEqual([]);
  expect(phones.length).toBeGreaterThanOrEqual(6);
  for (const phone of phones) {
    expect(identify(catalogue, [{ kind: 'oui', oui: phone.mac.slice(0, 6) }]).vendor, phone.mac).toBe(
      phone.vendor,
    );
    expect(modelOf(vendor(phone.vendor ?? ''), phone.model)?.name).toBe(phone.model);
  }
});
