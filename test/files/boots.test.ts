// The request sequences that the four guides print, asked at the desk with the real vendor files and templates: what
// comes of each name, by whoever asks for it.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { Asker } from '../../src/files/desk.ts';
import { type Templates, templateKey } from '../../src/files/layers.ts';
import { makeFiles } from '../../src/files/make.ts';
import { parseTemplate } from '../../src/files/render.ts';
import { urlFor } from '../../src/phones/url.ts';
import { unsealAs } from '../../src/seal/forms.ts';
import { catalogue, read } from '../phones/kit.ts';

const server = parseIpv4('10.20.0.1') ?? expect.fail();
const NOTHING = {
  find: async () => await Promise.resolve(undefined),
  list: async () => await Promise.resolve(undefined),
};

const templates: Templates = new Map(
  catalogue.vendors.flatMap(({ id, files }) =>
    files.flatMap(({ template }) => {
      if (template === undefined) return [];
      const parsed = parseTemplate(template, read(`config/templates/${id}/${template}`));
      return parsed.ok
        ? [[templateKey(id, template), parsed.value] as const]
        : expect.fail(parsed.error.message);
    }),
  ),
);
const make = makeFiles({
  ...{ catalogue, templates, shelf: NOTHING, lan: { address: server } },
  urlFor: (phone) => urlFor({ url: 'http://{server}/', server, catalogue, phone }),
});

function phone(mac: string, vendor: string, model: string): Asker {
  return { mac: parseMac(mac) ?? expect.fail(mac), identity: { vendor, model, by: '', conflicts: [] } };
}

/** What the phone gets for each name: the role of the file, or the reason why there is none. */
async function boot(asker: Asker, names: readonly string[]): Promise<readonly string[]> {
  const gets = await Promise.all(names.map(async (name) => await make(asker, name)));
  return gets.map((one) => (one.kind === 'file' ? one.role : one.because));
}

const T46S = phone('00156574b16e', 'yealink', 'T46S');
const T28P = phone('001565000028', 'yealink', 'T28P');
const FIP13G = phone('0021f222b01d', 'flyingvoice', 'FIP13G');
const C62 = phone('0c383e113af8', 'fanvil', 'C62');
const CP6841 = phone('00562b043615', 'cisco', 'CP-6841-3PCC');
const VVX500 = phone('0004f282e824', 'poly', 'VVX 500');
const J129 = phone('c81feaaabbcc', 'avaya', 'J129');

test.each([
  {
    what: 'Yealink by TFTP and FTP (guide SfB, examples 1 and 2: zeros were lost in print)',
    asker: T46S,
    boots: { 'y00000000066.cfg': 'common', '00156574b16e.cfg': 'own' },
  },
  {
    what: 'Yealink by HTTP (guide SfB, example 3)',
    asker: T46S,
    boots: {
      '/y000000000066.cfg': 'common',
      '/ime.txt': 'no-such-file',
      '/Russian_ime.txt': 'no-such-file',
      '/00156574b16e-local.cfg': 'optional-file',
    },
  },
  {
    what: 'Yealink with boot files (guide V81): the stop rule leaves them out, so that it goes on',
    asker: T46S,
    boots: {
      '00156574b16e.boot': 'left-out-on-purpose',
      'y000000000000.boot': 'left-out-on-purpose',
      'y000000000066.cfg': 'common',
      '00156574b16e.cfg': 'own',
    },
  },
  {
    what: 'Flyingvoice by option 66 (guide 1.0)',
    asker: FIP13G,
    boots: {
      '0021f222b01d': 'left-out-on-purpose',
      '0021f222b01d.boot': 'left-out-on-purpose',
      'y00000000000.boot': 'left-out-on-purpose',
      'y000000000000.cfg': 'common',
      '0021f222b01d.cfg': 'own',
    },
  },
  {
    what: 'Fanvil (specification; real phones ask with one zero fewer)',
    asker: C62,
    boots: {
      'f0C006200000.cfg': 'common',
      'f0C00620000.cfg': 'common',
      '0c383e113af8.cfg': 'own',
      '0C383E113AF8.txt': 'own',
    },
  },
  {
    what: 'Cisco (guide: /$PSN.xml, $PN.cfg, and the three forms of the MAC)',
    asker: CP6841,
    boots: {
      '/6841-3PCC.xml': 'common',
      'CP-6841-3PCC.cfg': 'common',
      '/6841-3PCC-a.xml': 'common',
      '00562b043615.xml': 'own',
      '00562B043615.cfg': 'own',
      '00:56:2b:04:36:15.xml': 'own',
    },
  },
  {
    what: 'Poly by HTTP (capture of a VVX 500), with the master file that the guides add',
    asker: VVX500,
    boots: {
      '/0004f282e824.cfg': 'left-out-on-purpose',
      '/000000000000.cfg': 'common',
      '/3111-44500-001.3111-44500-001.sip.ld': 'optional-file',
      '/0004f282e824-lines.cfg': 'own',
      '/0004f282e824-phone.cfg': 'optional-file',
      '/0004f282e824-web.cfg': 'optional-file',
      '/000000000000-license.cfg': 'optional-file',
      '/0004f282e824-license.cfg': 'optional-file',
      '/0004f282e824-calls.xml': 'optional-file',
      '/0004f282e824-directory.xml': 'optional-file',
      '/000000000000-directory.xml': 'optional-file',
      '/0004f282e825-lines.cfg': 'file-of-another-phone',
    },
  },
  {
    what: 'Avaya (public code that serves J129)',
    asker: J129,
    boots: { 'J100Supgrade.txt': 'boot', '46xxsettings.txt': 'common', 'c81feaaabbcc.txt': 'own' },
  },
])('$what', async ({ asker, boots }) => {
  expect(await boot(asker, Object.keys(boots))).toEqual(Object.values(boots));
});

test('y000000000000.cfg is the common file of whoever asks: of a T28P and of every Flyingvoice phone', async () => {
  const [yealink, flyingvoice] = [
    await make(T28P, 'y000000000000.cfg'),
    await make(FIP13G, 'y000000000000.cfg'),
  ];
  if (yealink.kind !== 'file' || flyingvoice.kind !== 'file') return expect.fail('no file');
  expect(Buffer.from(yealink.content).toString()).toContain('sip.notify_reboot_enable');
  expect(Buffer.from(flyingvoice.content).toString()).not.toContain('sip.notify_reboot_enable');
  const stranger = { ...T28P, identity: { by: '', conflicts: [] } };
  expect(await make(stranger, 'y000000000000.cfg')).toMatchObject({ because: 'no-such-file' });
  expect(await make(undefined, 'y000000000000.cfg')).toMatchObject({ because: 'unknown-phone' });
});

test.each([
  {
    asked: '00156574B16E.cfg',
    detail: "asked 00156574B16E.cfg in upper case; this phone's file is 00156574b16e.cfg: served",
  },
  {
    asked: '00-15-65-74-b1-6e.cfg',
    detail: "asked 00-15-65-74-b1-6e.cfg; this phone's file is 00156574b16e.cfg: served",
  },
  { asked: 'y0000000066.cfg', detail: 'asked y0000000066.cfg; the file is y000000000066.cfg: served' },
  { asked: '/T46S/00156574b16e.cfg', detail: undefined },
  { asked: '/$PN/$MAC.cfg', detail: "asked $MAC.cfg; this phone's file is 00156574b16e.cfg: served" },
  { asked: '$MA.cfg', detail: "asked $MA.cfg; this phone's file is 00156574b16e.cfg: served" },
  { asked: '{mac}.cfg', detail: "asked {mac}.cfg; this phone's file is 00156574b16e.cfg: served" },
])('a near miss is served and told: $asked', async ({ asked, detail }) => {
  expect(await make(T46S, asked)).toMatchObject({ kind: 'file', detail });
});

test('a placeholder never leads out of the folder or to another phone', async () => {
  expect(await make(T46S, '../$MAC.cfg')).toMatchObject({ because: 'name-not-allowed' });
  expect(await make(T46S, '$SN.cfg')).toMatchObject({ because: 'no-such-file' });
  expect(await make(CP6841, '/$PSN.xml')).toMatchObject({ kind: 'file', role: 'common' });
});

test('the same input gives the same bytes, also from another desk', async () => {
  const again = makeFiles({
    ...{ catalogue, templates, shelf: NOTHING, lan: { address: server } },
    urlFor: (one) => urlFor({ url: 'http://{server}/', server, catalogue, phone: one }),
  });
  for (const asker of [T46S, FIP13G, C62, CP6841]) {
    for (const name of ['00156574b16e.cfg', '0021f222b01d.cfg', '0c383e113af8.cfg', '00562b043615.xml']) {
      const [one, two] = [await make(asker, name), await again({ ...asker }, name)];
      expect(one.kind === 'file' ? one.digest : one.because).toBe(
        two.kind === 'file' ? two.digest : two.because,
      );
    }
  }
});

test('a file is made again when the phone is known better, and not before', async () => {
  const first = await make(T46S, '00156574b16e.cfg');
  expect(await make(T46S, '00156574b16e.cfg')).toBe(first);
  expect(await make(structuredClone(T46S), '00156574b16e.cfg')).toBe(first);
  const listed = {
    ...T46S,
    listed: { mac: T46S.mac, columns: { sip_user: '1', sip_password: 'x', sip_server: 'pbx' } },
  };
  const second = await make(listed, '00156574b16e.cfg');
  expect(first).toMatchObject({ isSecret: false });
  expect(second).toMatchObject({ isSecret: true });
});

test.each([
  { firmware: '11.0', digest: 'md5' },
  { firmware: '11.3.1', digest: 'sha256' },
] as const)(
  'Cisco $firmware with a key: the common file brings it, the own file opens with $digest',
  async ({ firmware, digest }) => {
    const columns = { sip_user: '101', sip_password: 'x', sip_server: 'pbx', seal_key: 'SecretPhrase1234' };
    const identity = { ...CP6841.identity, firmware };
    const asker = { ...CP6841, identity, listed: { mac: CP6841.mac, columns } };
    const [common, own] = [await make(asker, '6841-3PCC.xml'), await make(asker, '00562b043615.xml')];
    if (common.kind !== 'file' || own.kind !== 'file') return expect.fail('no file');
    const rule = '[--key "SecretPhrase1234"] http://10.20.0.1/$MA.xml';
    expect(Buffer.from(common.content).toString()).toContain(`<Profile_Rule_B>${rule}</Profile_Rule_B>`);
    expect([common.isSecret, common.sealed]).toEqual([true, undefined]);
    const sealed = own.sealed?.content ?? expect.fail('not sealed');
    const opened = unsealAs(sealed, { form: 'openssl', key: Buffer.from(columns.seal_key), digest });
    if (!opened.ok) return expect.fail(opened.error);
    const text = gunzipSync(opened.value.content).toString();
    expect(text).toBe(Buffer.from(own.content).toString());
    expect(text).toContain(`<Profile_Rule>${rule}</Profile_Rule>`);
  },
);
