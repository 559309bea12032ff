import { describe, expect, test } from 'vitest';
import { fill, placeholdersOf } from '../../src/base/fill.ts';
import { matchFile, nameFor } from '../../src/phones/files.ts';
import { identify, macInUserAgent } from '../../src/phones/identify.ts';
import { capture, catalogue, IDS, list, mac, named, vendor, vendors } from './kit.ts';

test('the folder holds these vendors and no other', () => {
  const files = list('config/vendors').filter((name) => name !== 'README.md');
  expect(files).toEqual(IDS.map((id) => `${id}.yaml`));
});

describe('recognition', () => {
  const agents = capture('user-agents.tsv');
  test.each(agents)('User-Agent $text', ({ text = '', vendor: maker, model, firmware, mac: owner }) => {
    const identity = identify(catalogue, [{ kind: 'user-agent', text }]);
    expect([identity.vendor, identity.model, identity.firmware]).toEqual([maker, model, firmware]);
    expect(macInUserAgent(catalogue, text)).toBe(owner);
  });
  test('every vendor has a User-Agent that was seen', () => {
    expect(new Set(agents.map((row) => row['vendor']))).toEqual(new Set([...IDS, undefined]));
  });

  test.each(capture('pnp-events.tsv'))('PnP event $event', ({ event = '', vendor: maker }) => {
    const said = /;vendor="([^"]*)"/.exec(event)?.[1];
    expect(identify(catalogue, [{ kind: 'pnp-event', vendor: said }]).vendor).toBe(maker);
  });

  test.each(capture('dhcp-clients.tsv'))(
    'DHCP $option60 $option55',
    ({ option60, option55, vendor: maker, model }) => {
      if (option60 !== undefined) {
        const identity = identify(catalogue, [{ kind: 'option-60', text: option60 }]);
        expect([identity.vendor, identity.model]).toEqual([maker, model]);
      }
      if (option55 !== undefined) {
        const codes = option55.split(',').map(Number);
        expect(identify(catalogue, [{ kind: 'option-55', codes }]).vendor).toBe(maker);
      }
    },
  );

  test('a prefix of MACs belongs to one vendor', () => {
    const all = vendors.flatMap(({ id, recognise }) => recognise.ouis.map((oui) => ({ id, oui })));
    expect(new Set(all.map(({ oui }) => oui.toLowerCase())).size).toBe(all.length);
    for (const { id, oui } of all) {
      expect(identify(catalogue, [{ kind: 'oui', oui: oui.toLowerCase() }]).vendor).toBe(id);
    }
    expect(vendor('yealink').recognise.ouis).toHaveLength(11);
  });

  describe.each(vendors)('a simulated phone of $name', ({ id, speaks, models, recognise }) => {
    /** Its words, for a model, with nothing left to fill. */
    const filled = (text: string, { name: model, tokens }: (typeof models)[number]): string => {
      const owner = { mac: mac('020000000001'), MAC: '020000000001' };
      const fillings = { ...owner, model, firmware: speaks.firmware, ...tokens };
      const { text: words, unknown } = fill(text, fillings);
      expect(unknown, `${id}: ${text}`).toEqual([]);
      return words;
    };

    test('is recognised by its User-Agent', () => {
      const saysMac = /\{mac\b/i.test(speaks.userAgent);
      for (const model of models) {
        const said = filled(speaks.userAgent, model);
        expect(identify(catalogue, [{ kind: 'user-agent', text: said }]), said).toMatchObject({
          ...{ vendor: id, model: model.name, firmware: speaks.firmware },
        });
        expect(macInUserAgent(catalogue, said), said).toBe(saysMac ? '020000000001' : undefined);
      }
    });

    test('is recognised by its option 60', () => {
      const { option60 = '' } = speaks;
      const saysModel = placeholdersOf(option60).length > 0;
      for (const model of option60 === '' ? [] : models) {
        const identity = identify(catalogue, [{ kind: 'option-60', text: filled(option60, model) }]);
        expect([identity.vendor, identity.model]).toEqual([id, saysModel ? model.name : undefined]);
      }
    });

    test('is recognised by its PnP question', () => {
      expect(speaks.pnp !== undefined).toBe(speaks.discovery.includes('pnp'));
      if (speaks.pnp === undefined) return;
      for (const model of models) {
        expect(filled(speaks.pnp.uri, model).toLowerCase()).toContain('020000000001');
        const maker = /;vendor="([^"]*)"/.exec(filled(speaks.pnp.event, model))?.[1];
        expect(recognise.pnpVendor.some((pattern) => pattern.test(maker ?? ''))).toBe(true);
      }
    });
  });
});

/** Makes whose phones read one file only. */
const ONLY_OWN = new Set<string>(['audiocodes']);

describe('files', () => {
  const names = capture('file-names.tsv');
  test.each(names)('$vendor: $name is $role of $model', ({ vendor: maker = '', name = '', role, model }) => {
    const match = matchFile(vendor(maker), name);
    expect(match?.file.role).toBe(role);
    // Models that share a file are not told apart by it.
    if (model?.includes('|') === true) expect(match?.model).toBeUndefined();
    else expect(match?.model?.name).toBe(model);
  });
  test('all numbers of Yealink and all names of Fanvil that the data holds were seen somewhere', () => {
    for (const model of vendor('yealink').models) {
      const own = `y${model.tokens['number']?.padStart(12, '0')}.cfg`;
      expect(names.find(({ name }) => name?.toLowerCase() === own)?.['model']?.split('|')).toContain(
        model.name,
      );
    }
    for (const { name: model, tokens } of vendor('fanvil').models) {
      const own = [
        tokens['common'] && `${tokens['common']}.cfg`,
        tokens['manifest'] && `${tokens['manifest']}.txt`,
      ];
      for (const name of own.filter((each) => each !== undefined)) {
        expect(names, name).toContainEqual(expect.objectContaining({ vendor: 'fanvil', name, model }));
      }
    }
  });

  test.each([
    { id: 'yealink', name: '001565AABBCC.cfg', role: 'own', whose: '001565aabbcc' },
    { id: 'yealink', name: '00-15-65-aa-bb-cc.cfg', role: 'own', whose: '001565aabbcc' },
    { id: 'yealink', name: 'some/folder/001565aabbcc.cfg', role: 'own', whose: '001565aabbcc' },
    { id: 'yealink', name: '001565aabbcc-contact.xml', role: 'optional', whose: '001565aabbcc' },
    { id: 'yealink', name: 'y66.cfg', role: 'common', whose: undefined },
    { id: 'yealink', name: 'y000000000999.cfg', role: 'common', whose: undefined },
    { id: 'yealink', name: 'y0.boot', role: 'boot', whose: undefined },
    { id: 'yealink', name: '001565aabbcc', role: undefined, whose: undefined },
    { id: 'yealink', name: 'y000000000066.cfg.bak', role: undefined, whose: undefined },
    { id: 'fanvil', name: '0C:38:3E:00:00:01.cfg', role: 'own', whose: '0c383e000001' },
    { id: 'fanvil', name: '0c383e000001.xml', role: 'own', whose: '0c383e000001' },
    { id: 'fanvil', name: 'f0c0620000.cfg', role: 'common', whose: undefined },
    { id: 'fanvil', name: 'F0V0X7C00000.cfg', role: 'common', whose: undefined },
    { id: 'fanvil', name: 'f01653aabbcc.cfg', role: 'own', whose: 'f01653aabbcc' },
    { id: 'flyingvoice', name: '0021F222B01D', role: 'optional', whose: '0021f222b01d' },
    { id: 'flyingvoice', name: 'y000000000066.cfg', role: undefined, whose: undefined },
    { id: 'cisco', name: '00562B043615.XML', role: 'own', whose: '00562b043615' },
    { id: 'cisco', name: '6861-3PW.xml', role: 'common', whose: undefined },
    { id: 'cisco', name: 'spa504G.cfg', role: undefined, whose: undefined },
    { id: 'cisco', name: 'SEP00562B043615.cnf.xml', role: undefined, whose: undefined },
    { id: 'poly', name: '000000000000.cfg', role: 'common', whose: undefined },
    { id: 'poly', name: '0004F282E824.cfg', role: 'boot', whose: '0004f282e824' },
    { id: 'poly', name: '0004f282e824-calls.xml', role: 'optional', whose: '0004f282e824' },
    { id: 'poly', name: '000000000000-license.cfg', role: 'optional', whose: undefined },
    { id: 'poly', name: '3111-44500-001.3111-44500-001.sip.ld', role: 'optional', whose: undefined },
    { id: 'mitel', name: 'aastra.cfg', role: 'common', whose: undefined },
    { id: 'mitel', name: 'startup.tuz', role: 'optional', whose: undefined },
    { id: 'mitel', name: '1400e91b4524.cfg', role: 'own', whose: '1400e91b4524' },
    { id: 'mitel', name: 'MN_Generic.cfg', role: undefined, whose: undefined },
    { id: 'audiocodes', name: '00908f3bbcba.cfg', role: 'own', whose: '00908f3bbcba' },
    { id: 'panasonic', name: 'KX-HDV999.cfg', role: 'common', whose: undefined },
    { id: 'panasonic', name: 'Config0080F0C8C381.cfg', role: 'own', whose: '0080f0c8c381' },
    { id: 'avaya', name: 'j100supgrade.txt', role: 'boot', whose: undefined },
    { id: 'avaya', name: 'C81FEA83E85A.txt', role: 'own', whose: 'c81fea83e85a' },
    { id: 'vtech', name: 'VSP999A_00122AAABBCC.cfg', role: 'own', whose: '00122aaabbcc' },
    { id: 'vtech', name: 'VSP999A.cfg', role: 'common', whose: undefined },
    { id: 'spa', name: 'spa514G.cfg', role: 'common', whose: undefined },
    { id: 'spa', name: '0002fdff2103.xml', role: 'own', whose: '0002fdff2103' },
  ])('$id: $name is $role', ({ id, name, role, whose }) => {
    const match = matchFile(vendor(id), name);
    expect([match?.file.role, match?.mac]).toEqual([role, whose]);
  });

  test.each([
    { name: 'y000000000066.cfg', says: 'yealink', model: 'T46S' },
    { name: 'F0V00X300000.cfg', says: 'fanvil', model: 'X3' },
    { name: '/6841-3PCC.xml', says: 'cisco', model: 'CP-6841-3PCC' },
    { name: '0021f222b01d', says: 'flyingvoice', model: undefined },
    { name: '000000000000.cfg', says: 'poly', model: undefined },
    { name: 'J100Supgrade.txt', says: 'avaya', model: undefined },
    { name: 'KX-HDV130.cfg', says: 'panasonic', model: 'KX-HDV130' },
    { name: 'VSP726.cfg', says: 'vtech', model: 'VSP726' },
    { name: 'spa504G.cfg', says: 'spa', model: 'SPA504G' },
    { name: 'startup.cfg', says: 'mitel', model: undefined },
    // Phones of several makers ask for these: number 0 is a Yealink T28P and every Flyingvoice.
    { name: 'y000000000000.cfg', says: undefined, model: undefined },
    { name: 'y000000000000.boot', says: undefined, model: undefined },
    { name: '001565aabbcc.cfg', says: undefined, model: undefined },
    { name: '001565aabbcc.xml', says: undefined, model: undefined },
  ])('the name $name alone says $says', ({ name, says, model }) => {
    const identity = identify(catalogue, [{ kind: 'file-name', text: name }]);
    expect([identity.vendor, identity.model]).toEqual([says, model]);
  });

  test('boot files lead on to other files, or are not served and say why', () => {
    const boots = vendors.flatMap(({ files, config }) =>
      files.filter(({ role }) => role === 'boot').map((file) => ({ ...file, config })),
    );
    expect(boots.length).toBeGreaterThan(5);
    for (const { ask, template, never, config } of boots) {
      expect(never !== undefined, ask).toBe(template === undefined);
      if (template !== undefined) expect(config.include, ask).toBeDefined();
    }
  });

  test.each(IDS)('%s: one own file, one common file, and every template on disk is used', (id) => {
    const { files } = vendor(id);
    const own = files.filter(({ role }) => role === 'own');
    expect(own).toHaveLength(1);
    const placeholders = placeholdersOf(own[0]?.ask ?? '').map((name) => name.toLowerCase());
    expect(placeholders).toContain('mac');
    expect(files.filter(({ role }) => role === 'common')).toHaveLength(ONLY_OWN.has(id) ? 0 : 1);
    const templates = files.flatMap(({ template }) => template ?? []);
    expect(list(`config/templates/${id}`)).toEqual([...templates].sort());
    expect(templates).toContain(own[0]?.template);
    // A name that is asked for stands for the file that asks for it, and for none before it.
    for (const model of vendor(id).models) {
      for (const file of files) {
        const name = nameFor(vendor(id), file, { mac: mac('020000000001'), identity: named(model.name) });
        if (name !== undefined) expect(matchFile(vendor(id), name)?.file, name).toBe(file);
      }
    }
  });

  test.each([
    {
      id: 'yealink',
      model: 'SIP-T46S',
      names: ['020000000001.boot', 'y000000000000.boot', 'y000000000066.cfg', '020000000001.cfg'],
    },
    {
      id: 'yealink',
      model: 'T28P',
      names: ['020000000001.boot', 'y000000000000.boot', 'y000000000000.cfg', '020000000001.cfg'],
    },
    {
      id: 'yealink',
      model: undefined,
      names: ['020000000001.boot', 'y000000000000.boot', undefined, '020000000001.cfg'],
    },
    { id: 'fanvil', model: 'C62', names: ['f0C006200000.cfg', undefined, '020000000001.cfg'] },
    {
      id: 'fanvil',
      model: 'X5U V2',
      names: ['F0V5UV200000.cfg', 'fanvil_x5u_v2_hwv2_0.txt', '020000000001.cfg'],
    },
    {
      id: 'flyingvoice',
      model: 'FIP15G',
      names: [
        '020000000001',
        '020000000001.boot',
        'y000000000000.boot',
        'y000000000000.cfg',
        '020000000001.cfg',
      ],
    },
    { id: 'cisco', model: 'CP-6841-3PCC', names: ['6841-3PCC.xml', '020000000001.xml'] },
    {
      id: 'poly',
      model: 'VVX500',
      names: ['020000000001.cfg', '000000000000.cfg', 'sip.ld', '020000000001-lines.cfg'],
    },
    {
      id: 'mitel',
      model: '6867i',
      names: ['security.tuz', 'startup.cfg', '6867i.cfg', '020000000001.cfg', '6867i.st'],
    },
    { id: 'audiocodes', model: '440HD', names: ['440HD.img', '020000000001.cfg'] },
    {
      id: 'panasonic',
      model: 'KX-HDV130',
      names: ['KX-HDV130.cfg', 'ConfigCommon.cfg', 'ConfigKX-HDV130.cfg', 'Config020000000001.cfg'],
    },
    { id: 'avaya', model: 'J179', names: ['J100Supgrade.txt', '46xxsettings.txt', '020000000001.txt'] },
    { id: 'vtech', model: 'VSP726', names: ['VSP726.cfg', 'VSP726_020000000001.cfg'] },
    { id: 'spa', model: 'SPA504G', names: ['spa504G.cfg', '020000000001.xml'] },
  ])('$id $model asks in this order', ({ id, model, names: order }) => {
    const asked = vendor(id).files.map((file) =>
      nameFor(vendor(id), file, { mac: mac('020000000001'), identity: named(model) }),
    );
    expect(asked.slice(0, order.length)).toEqual(order);
  });
});
