import { describe, expect, test } from 'vitest';
import { placeholdersOf } from '../../src/base/fill.ts';
import { placeholdersIn } from '../../src/dhcp/values.ts';
import { modelOf } from '../../src/phones/vendor.ts';
import { effortOf } from '../fakes/effort.ts';
import { IDS, vendor, vendors } from './kit.ts';

describe('models', () => {
  test.each(IDS)('%s: no spelling stands for two models', (id) => {
    const { models } = vendor(id);
    for (const model of models) {
      for (const spelling of [model.name, ...model.also])
        expect(modelOf(vendor(id), spelling)?.name).toBe(model.name);
    }
  });

  test.each(IDS)('%s: every placeholder has a meaning', (id) => {
    const { files, dhcp, url, speaks, models, uploads } = vendor(id);
    const tokens = new Set(models.flatMap((model) => Object.keys(model.tokens)));
    const inOptions = Object.values(dhcp.options).flatMap(placeholdersIn);
    const spoken = [speaks.userAgent, speaks.option60, speaks.pnp?.uri, speaks.pnp?.event].filter(
      (text) => text !== undefined,
    );
    const unknown = (used: readonly string[], known: readonly string[]): readonly string[] =>
      used.flatMap(placeholdersOf).filter((name) => !known.includes(name));
    expect(
      unknown(
        [...files.map(({ ask }) => ask), ...uploads.map(({ ask }) => ask)],
        ['mac', 'MAC', 'model', ...tokens],
      ),
    ).toEqual([]);
    const fillable = ['url', 'server', 'mac', 'MAC', 'model', ...tokens];
    expect(unknown([url], fillable)).toEqual([]);
    expect(inOptions.filter((name) => !fillable.includes(name))).toEqual([]);
    expect(unknown(spoken, ['mac', 'MAC', 'model', 'firmware', ...tokens])).toEqual([]);
  });

  test.each([
    { id: 'yealink', token: 'number' },
    { id: 'cisco', token: 'psn' },
  ])('$id: every model has its $token', ({ id, token }) => {
    for (const { name, tokens } of vendor(id).models) expect(tokens[token], name).toMatch(/\w/);
  });
});

describe('DHCP', () => {
  test.each([
    { id: 'yealink', options: { 43: { text: '{url}' } } },
    { id: 'fanvil', options: { 43: { text: '{url}' } } },
    { id: 'flyingvoice', options: {} },
    // No 43: these phones read it as the URL of an ACS. The rule /$PSN.xml needs the bare address of a TFTP server.
    {
      id: 'cisco',
      options: {
        66: { text: '{server}' },
        150: { ips: '{server}' },
        159: { text: '{url}$PSN.xml' },
        160: { text: '{url}$PSN.xml' },
      },
    },
    { id: 'poly', options: {} },
    {
      id: 'mitel',
      options: {
        43: {
          tlv: [
            { code: 2, text: '{url}' },
            { code: 3, bool: false },
          ],
        },
      },
    },
    { id: 'audiocodes', options: { 43: { text: '{url}' }, 160: { text: '{url};<MAC>.cfg' } } },
    { id: 'panasonic', options: { 159: { text: '{url}' } } },
    {
      id: 'avaya',
      options: {
        43: {
          tlv: [
            { code: 1, text: '6889' },
            { code: 2, text: '{url:host}' },
            { code: 3, text: '{url:folder}' },
            { code: 4, text: '{url:port}' },
          ],
        },
        66: { text: '{url:host}' },
        242: { text: 'HTTPSRVR={url:host},HTTPPORT={url:port},HTTPDIR={url:folder}' },
      },
    },
    { id: 'vtech', options: { 159: { text: '{url}' } } },
    {
      id: 'spa',
      options: {
        66: { text: '{url}spa$PSN.cfg' },
        150: { ips: '{server}' },
        159: { text: '{url}spa$PSN.cfg' },
        160: { text: '{url}spa$PSN.cfg' },
      },
    },
  ])('$id gets these options', ({ id, options }) => {
    expect(vendor(id).dhcp.options).toEqual(options);
    expect(vendor(id).dhcp.force).toEqual([]);
    expect(vendor(id).dhcp.obeys).toContain(66);
    const asked = vendor(id).speaks.option55;
    const heard = vendor(id).dhcp.obeys.filter((code) => asked.includes(code));
    expect(heard, 'a simulated phone asks for what it obeys').not.toEqual([]);
  });
});

/** Whether a repetition without end repeats a group that holds another one: such patterns can run for ages. */
function hasNestedRepetition(source: string): boolean {
  const plain = source.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  const endless = /^(?:[*+]|\{\d+,\})/;
  const open: boolean[] = [false];
  for (let at = 0; at < plain.length; at += 1) {
    const repeated = endless.test(plain.slice(at + 1));
    if (plain[at] === '(') open.push(false);
    else if (plain[at] === ')') {
      const holds = open.pop() ?? false;
      if (holds && repeated) return true;
      open.push((open.pop() ?? false) || holds || repeated);
    } else if (repeated) open.push(open.pop() !== undefined);
  }
  return false;
}

describe('patterns', () => {
  const all = vendors.flatMap(({ id, recognise, files }) =>
    [
      ...recognise.option60,
      ...recognise.pnpVendor,
      ...recognise.userAgent,
      ...files.flatMap(({ like }) => like ?? []),
    ].map((pattern) => ({ id, pattern })),
  );

  test('the detector of nested repetitions is awake', () => {
    expect(['(a+)+', '(?:x|a*b)*$', '((a+)b)+', '(a+){2,}'].map(hasNestedRepetition)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      ['a+b*', '(?:ab)+', '(a+)b', '(?:a+){3}', '[a+]+', '(\\+)*'].map(hasNestedRepetition),
    ).not.toContain(true);
    expect(all.length).toBeGreaterThan(15);
  });

  test.each(all)('$id: $pattern does not backtrack for long', ({ pattern }) => {
    expect(hasNestedRepetition(pattern.source)).toBe(false);
    const starts = [
      '',
      'Yealink SIP-T46S ',
      'yealink-',
      'W52P ',
      'Fanvil X',
      'Flyingvoice ',
      'Cisco-CP-6841-3PCC/',
      'y',
      'f0c0',
      'f0v',
      'fanvil_',
      'Mozilla/4.0 (compatible; snomD785-SIP 1',
      'snom',
      'Grandstream Model HW G',
      'Grandstream GXP2000 (',
      'Gigaset N870',
      'Htek ',
      'ALE M3 ',
      'cfg',
      'FileTransport PolycomVVX-',
      'Polycom ',
      'Mitel',
      'AUDC-IPPhone/2',
      'Panasonic_KX-',
      'AVAYA/J179-4',
      'Vtech Vesa ',
      'Cisco/SPA508G-',
      'Linksys/SPA-',
    ];
    const tryAll = (): void => {
      for (const start of starts)
        for (const filler of ['0', 'a', '1.', ' ', '00:', '_hw'])
          pattern.test(`${start}${filler.repeat(2_000)}!`);
    };
    expect(effortOf(tryAll, 3)).toBeLessThan(500);
  });

  test.each(all)('$id: $pattern names only groups that are used', ({ id, pattern }) => {
    const groups = [...pattern.source.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1]);
    const tokens = vendor(id).models.flatMap((model) => Object.keys(model.tokens));
    expect(['model', 'firmware', 'mac', ...tokens]).toEqual(expect.arrayContaining(groups));
  });
});
