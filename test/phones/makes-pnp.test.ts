// What the files of Snom, Grandstream, Htek, Gigaset and Alcatel-Lucent lead to: names in order, option bytes, and the
// very files that their phones read.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { encodeValue } from '../../src/dhcp/values.ts';
import { fileMistakes } from '../../src/files/lint.ts';
import { parseTemplate, render } from '../../src/files/render.ts';
import { holdsSecrets } from '../../src/files/secrets.ts';
import { matchesOf, matchFile, nameFor } from '../../src/phones/files.ts';
import { identify, macInUserAgent } from '../../src/phones/identify.ts';
import { catalogue, mac, named, read, vendor } from './kit.ts';

const IDS = ['alcatel', 'gigaset', 'grandstream', 'htek', 'snom'] as const;
const URL_HERE = 'http://10.20.0.1/';

describe('files', () => {
  test.each([
    { id: 'snom', model: 'snomD345', order: ['snomD345.htm', 'snomD345-020000000A01.htm'] },
    { id: 'snom', model: '300', order: ['snom300.htm', 'snom300-020000000A01.htm'] },
    { id: 'snom', model: undefined, order: [undefined, undefined] },
    {
      id: 'grandstream',
      model: 'GRP2614',
      order: ['cfg020000000a01.bin', 'cfg020000000a01.xml', 'cfggrp2614.xml'],
    },
    { id: 'grandstream', model: undefined, order: ['cfg020000000a01.bin', 'cfg020000000a01.xml', undefined] },
    { id: 'htek', model: 'UC912G', order: ['cfg0019.xml', 'cfg020000000a01', 'cfg020000000a01.xml'] },
    { id: 'gigaset', model: 'N670', order: ['020000000A01.xml', 'provisioning.xml'] },
    { id: 'alcatel', model: 'M3-CE', order: ['config.xml', 'config.M3.xml', 'config.020000000a01.xml'] },
  ])('$id $model asks in this order', ({ id, model, order }) => {
    const phone = { mac: mac('020000000a01'), identity: named(model) };
    expect(vendor(id).files.map((file) => nameFor(vendor(id), file, phone))).toEqual(order);
  });

  test.each([
    { id: 'snom', name: 'SNOMD345.HTM', role: 'common', whose: undefined },
    { id: 'snom', name: 'snomD999.htm', role: 'common', whose: undefined },
    { id: 'snom', name: 'snomD999-000413a11fa7.htm', role: 'own', whose: '000413a11fa7' },
    { id: 'snom', name: 'snomD345-firmware.xml', role: undefined, whose: undefined },
    { id: 'grandstream', name: 'cfgC074AD112233', role: 'optional', whose: 'c074ad112233' },
    { id: 'grandstream', name: 'CFGc074ad112233.XML', role: 'own', whose: 'c074ad112233' },
    { id: 'grandstream', name: 'cfggrp2699x.xml', role: 'common', whose: undefined },
    { id: 'grandstream', name: 'cfg0012.xml', role: undefined, whose: undefined },
    { id: 'grandstream', name: 'grp2612fw.bin', role: undefined, whose: undefined },
    { id: 'htek', name: 'cfg0099.xml', role: 'common', whose: undefined },
    { id: 'htek', name: 'cfg.xml', role: undefined, whose: undefined },
    { id: 'gigaset', name: '7c2f80123456.xml', role: 'own', whose: '7c2f80123456' },
    { id: 'gigaset', name: 'master.bin', role: undefined, whose: undefined },
    { id: 'alcatel', name: 'config.m7-ce.xml', role: 'common', whose: undefined },
    { id: 'alcatel', name: 'sipconfig-3c28a6000001.txt', role: undefined, whose: undefined },
  ])('$id: $name is $role', ({ id, name, role, whose }) => {
    const match = matchFile(vendor(id), name);
    expect([match?.file.role, match?.mac]).toEqual([role, whose]);
  });

  test.each([
    { name: 'snomD345.htm', says: ['snom'] },
    { name: 'cfggrp2614.xml', says: ['grandstream'] },
    { name: 'cfg0012.xml', says: ['htek'] },
    // Two makes name their own file so: it tells neither.
    { name: 'cfg001fc110d3a9.xml', says: ['grandstream', 'htek'] },
  ])('$name is asked for by $says', ({ name, says }) => {
    expect(matchesOf(catalogue, name).map((match) => match.vendor.id)).toEqual(says);
  });
});

describe('options', () => {
  test.each([
    // Sub-option 66, its length, the URL and a NUL, as the maker's pages print it.
    { id: 'snom', code: 43, bytes: '4212687474703a2f2f31302e32302e302e312f00' },
    { id: 'alcatel', code: 43, bytes: '4211687474703a2f2f31302e32302e302e312f' },
    { id: 'gigaset', code: 114, bytes: '687474703a2f2f31302e32302e302e312f' },
  ])('$id gets option $code', ({ id, code, bytes }) => {
    const { options, obeys, force, suppress } = vendor(id).dhcp;
    const value = options[String(code)] ?? expect.fail('no such option');
    expect(Object.keys(options)).toEqual([String(code)]);
    expect(toHex(encodeValue(code, value, { url: URL_HERE }) ?? new Uint8Array())).toBe(bytes);
    expect([obeys[0], force, suppress]).toEqual([code, [], []]);
  });

  test.each(['grandstream', 'htek'])('%s gets the URL in option 66 alone', (id) => {
    expect([vendor(id).dhcp.obeys, vendor(id).dhcp.options]).toEqual([[66], {}]);
  });
});

describe('recognition', () => {
  test('vendor="OEM" names nobody: the User-Agent does, and without one the MAC', () => {
    const event = { kind: 'pnp-event', vendor: 'OEM', model: 'OEM', version: '10.1.54' } as const;
    const oui = { kind: 'oui', oui: '000413' } as const;
    expect(identify(catalogue, [event]).vendor).toBe(undefined);
    expect(identify(catalogue, [event, oui])).toMatchObject({ vendor: 'snom', model: undefined });
    const agent = { kind: 'user-agent', text: 'snomD345/10.1.54' } as const;
    expect(identify(catalogue, [event, oui, agent])).toMatchObject({
      vendor: 'snom',
      model: 'D345',
      firmware: '10.1.54',
      conflicts: [],
    });
  });

  test('what an Alcatel in NOE mode or a stranger says is nobody', () => {
    for (const text of ['alcatel.noe.0', 'alcatel.sip.0', 'snomething else', 'dslforum.org'])
      expect(identify(catalogue, [{ kind: 'option-60', text }]).vendor, text).toBe(undefined);
  });

  test('a build date is no MAC', () => {
    const text = 'Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 SXM:0 UXM:0)';
    expect(macInUserAgent(catalogue, text)).toBe(undefined);
  });
});

const unlisted = { label: '', extension: '', mac: 'c074ad112233', model: 'X', url: URL_HERE, listed: false };
const listed = {
  ...unlisted,
  listed: true,
  label: 'A & B',
  sip_server: 'pbx.example',
  sip_user: '101',
  sip_password: 's3<ret',
};

function made(id: string, template: string, variables: Readonly<Record<string, unknown>>): string {
  const parsed = parseTemplate(template, read(`config/templates/${id}/${template}`));
  const text = parsed.ok ? render(parsed.value, variables) : expect.fail(JSON.stringify(parsed.error));
  return text.ok ? text.value : expect.fail(JSON.stringify(text.error));
}

describe('what the phone reads', () => {
  const templates = IDS.flatMap((id) =>
    vendor(id).files.flatMap(({ template }) => (template ? { id, template } : [])),
  );

  test.each(templates)(
    '$id/$template is well-formed with and without an account',
    async ({ id, template }) => {
      const all = { ...listed, sip_port: '5070', sip_auth: 'a', admin_password: '"<&>\'', seal_key: 'k&y' };
      for (const variables of [unlisted, listed, all, { ...all, url: 'https://[fe80::1]/a&b/' }])
        expect(
          await fileMistakes(
            vendor(id),
            made(id, template, variables),
            async () => await Promise.resolve(true),
          ),
        ).toEqual([]);
    },
  );

  test.each(IDS)('%s: a file written by hand with a password in it is known as secret', (id) => {
    const with_ = made(id, 'phone.xml', { ...listed, admin_password: '1234' });
    expect(holdsSecrets(Buffer.from(with_), vendor(id))).toBe(true);
    expect(holdsSecrets(Buffer.from(made(id, 'phone.xml', unlisted)), vendor(id))).toBe(false);
  });

  test('Snom: settings of the phone and its first identity', () => {
    expect(
      made('snom', 'phone.xml', { ...listed, sip_port: '5070' }),
    ).toBe(`<?xml version="1.0" encoding="utf-8"?>
<settings>
<phone-settings>
<setting_server perm="RW">http://10.20.0.1/</setting_server>
<user_active idx="1" perm="RW">on</user_active>
<user_realname idx="1" perm="RW">A &amp; B</user_realname>
<user_idle_text idx="1" perm="RW">A &amp; B</user_idle_text>
<user_name idx="1" perm="RW">101</user_name>
<user_pname idx="1" perm="RW">101</user_pname>
<user_pass idx="1" perm="RW">s3&lt;ret</user_pass>
<user_host idx="1" perm="RW">pbx.example</user_host>
<user_outbound idx="1" perm="RW">pbx.example:5070</user_outbound>
</phone-settings>
</settings>
`);
  });

  test('Grandstream: P values, the MAC of the phone, and the way back without scheme and last slash', () => {
    expect(made('grandstream', 'phone.xml', listed)).toBe(`<?xml version="1.0" encoding="UTF-8" ?>
<gs_provision version="1">
<mac>c074ad112233</mac>
<config version="1">
<P212>1</P212>
<P237>10.20.0.1</P237>
<P1414>1</P1414>
<P271>1</P271>
<P270>A &amp; B</P270>
<P47>pbx.example</P47>
<P35>101</P35>
<P36>101</P36>
<P34>s3&lt;ret</P34>
<P3>A &amp; B</P3>
<P31>1</P31>
</config>
</gs_provision>
`);
  });

  test.each([
    { url: 'tftp://10.20.0.1/', says: '<P212>0</P212>\n<P237>10.20.0.1</P237>' },
    {
      url: 'https://files.example:8443/t/0a1b/',
      says: '<P212>2</P212>\n<P237>files.example:8443/t/0a1b</P237>',
    },
    { url: 'ftp://10.20.0.1/', says: '<P212>3</P212>\n<P237>10.20.0.1</P237>' },
  ])('Grandstream comes back to $url', ({ url, says }) => {
    for (const template of ['common.xml', 'phone.xml'])
      expect(made('grandstream', template, { ...unlisted, url })).toContain(says);
  });
});
