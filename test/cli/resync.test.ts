import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/cli/command.ts';
import { type ExportKind, exportLines } from '../../src/cli/resync-export.ts';
import { isStorm, orderFrom } from '../../src/cli/resync-order.ts';
import { bar, exitCodeOf, plannedTable, reportText } from '../../src/cli/storms-progress.ts';
import {
  checkOrder,
  type PlannedPhone,
  type StormLine,
  type StormPhone,
} from '../../src/control/storms-api.ts';

const NOW = new Date(2026, 0, 10, 12, 0).getTime();
const TYPED = { rate: '50', by: 'sip', wait: '60s' };
const typed = async (flags: object) =>
  await orderFrom({ ...TYPED, ...flags }, { patience: 60_000, now: NOW });

test.each([
  { flags: { mac: '001565aabbcc' }, storm: false },
  { flags: { mac: '001565aabbcc', reboot: true, json: true, control: 'x' }, storm: false },
  { flags: { mac: '001565aabbcc,001565aabbcd' }, storm: true },
  { flags: { mac: '001565aabbcc', rate: '10' }, storm: true },
  { flags: { mac: '001565aabbcc', dryRun: true }, storm: true },
  { flags: { all: true }, storm: true },
  { flags: { by: 'http', mac: '001565aabbcc' }, storm: true },
])('$flags is a storm: $storm', ({ flags, storm }) => {
  expect(isStorm({ ...TYPED, ...flags })).toBe(storm);
});

test('what is typed becomes an order that the daemon takes', async () => {
  const order = await typed({
    ...{ vendor: 'yealink', subnet: '10.20.1.0/24', at: '02:00', spread: '10m', waves: '5, 10%' },
    ...{ stopAt: '20%', retry: '2', concurrency: '40', reboot: true, via: '10.20.0.5', transport: 'tcp' },
  });
  expect(checkOrder(JSON.parse(JSON.stringify(order)))).toEqual({
    selection: { all: false, vendor: 'yealink', subnet: '10.20.1.0/24' },
    ...{ what: 'reboot', via: '10.20.0.5', transport: 'tcp', byHttp: false, dryRun: false },
    ...{ perSecond: 50, atOnce: 40, spread: 600_000, waves: ['5', '10%'], stopAt: 0.2, retries: 2 },
    startAt: new Date(2026, 0, 11, 2, 0).getTime(),
    patience: 60_000,
  });
});

test.each([
  { flags: { at: '2 o clock' }, says: '--at' },
  { flags: { at: '24:00' }, says: '--at' },
  { flags: { rate: '-1' }, says: '--rate takes a number' },
  { flags: { spread: 'long' }, says: '--spread' },
  { flags: { waves: '5,many' }, says: '--waves' },
  { flags: { stopAt: '20' }, says: '--stop-at' },
  { flags: { stage: 'odd' }, says: '--stage takes expected' },
  { flags: { transport: 'sctp' }, says: '--transport' },
  { flags: { by: 'mail' }, says: '--by' },
  { flags: { reboot: true, profile: 'http://x/' }, says: 'one thing at a time, not reboot and profile' },
])('$flags is refused', async ({ flags, says }) => {
  await expect(typed(flags)).rejects.toThrow(UsageError);
  await expect(typed(flags)).rejects.toThrow(says);
});

test('a file of MACs may be a list, or the phone list itself; with --mac both must hold', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-resync-'));
  try {
    const file = join(folder, 'some.csv');
    await writeFile(file, 'mac,label\n# comment\n00:15:65:aa:bb:cc,desk 1\n\n"001565aabbcd";x\r\n');
    expect((await typed({ file })).selection.macs).toEqual(['00:15:65:aa:bb:cc', '001565aabbcd']);
    expect((await typed({ file, mac: '00-15-65-AA-BB-CD,001565000000' })).selection.macs).toEqual([
      '00-15-65-AA-BB-CD',
    ]);
    await expect(typed({ file: join(folder, 'none') })).rejects.toThrow('cannot be read');
  } finally {
    await rm(folder, { recursive: true });
  }
});

const PHONES: readonly PlannedPhone[] = [
  {
    mac: '00:15:65:aa:bb:cc',
    to: '10.20.0.51:5060',
    account: '101',
    event: 'check-sync;reboot=false',
    effect: 'x',
  },
  { mac: '00:15:65:aa:bb:cd', to: '10.20.0.52:5060', event: 'resync;profile="http://x/"', effect: 'y' },
  { mac: '00:15:65:aa:bb:ce', account: "1'; rm -rf /", to: '10.20.0.53:5060', event: 'resync', effect: 'y' },
  { mac: '00:15:65:aa:bb:cf', because: 'it has no address on this LAN' },
];

test.each<{ kind: ExportKind; lines: readonly string[] }>([
  {
    kind: 'asterisk',
    lines: [
      '# pjsip_notify.conf needs, without the number signs (then: asterisk -rx "module reload res_pjsip_notify.so"):',
      '# [unboxd-check-sync-reboot-false]',
      String.raw`# Event=>check-sync\;reboot=false`,
      '# [unboxd-resync-profile-http-x]',
      String.raw`# Event=>resync\;profile="http://x/"`,
      '# [unboxd-resync]',
      '# Event=>resync',
      "asterisk -rx 'pjsip send notify unboxd-check-sync-reboot-false endpoint 101'",
      '# 00:15:65:aa:bb:cd: the registrar knows it by its account: fill in sip_user or extension in the phone list',
      '# 00:15:65:aa:bb:ce: the registrar knows it by its account: fill in sip_user or extension in the phone list',
      '# 00:15:65:aa:bb:cf: not woken: it has no address on this LAN',
    ],
  },
  {
    kind: 'freeswitch',
    lines: [
      '# needs mod_lua; change the profile if it is not "internal"',
      `fs_cli -x 'luarun ~e=freeswitch.Event("NOTIFY") e:addHeader("profile","internal") e:addHeader("event-string","check-sync;reboot=false") e:addHeader("user","101") e:addHeader("content-type","application/simple-message-summary") e:addHeader("host",freeswitch.API():executeString("global_getvar domain")) e:fire()'`,
      '# 00:15:65:aa:bb:cd: the registrar knows it by its account: fill in sip_user or extension in the phone list',
      '# 00:15:65:aa:bb:ce: the registrar knows it by its account: fill in sip_user or extension in the phone list',
      '# 00:15:65:aa:bb:cf: not woken: it has no address on this LAN',
    ],
  },
])('the export for $kind, line by line', ({ kind, lines }) => {
  expect(exportLines(kind, PHONES)).toEqual(lines);
});

test('for Kamailio the phone is named by its contact, and nothing breaks out of its word', () => {
  const [, first, second, third] = exportLines('kamailio', PHONES);
  expect(first).toBe(
    String.raw`kamcmd tm.t_uac_start 'NOTIFY' 'sip:101@10.20.0.51:5060' '.' '.' $'From: <sip:unboxd@localhost>\r\nTo: <sip:101@10.20.0.51:5060>\r\nEvent: check-sync;reboot=false\r\nSubscription-State: terminated\r\n' 's:'`,
  );
  expect(second).toContain(`'sip:10.20.0.52:5060'`);
  expect(third).toMatch(/^#.*account/);
});

const LINE: StormLine = {
  ...{ id: 'a1', what: 'fetch', mode: 'running', madeAt: 0, startAt: 0, phones: 1000, woken: 300 },
  ...{
    finished: 250,
    counts: { confirmed: 240, refused: 10 },
    perSecond: 50,
    patience: 60_000,
    sentence: '',
  },
};

test('the bar shows rate and time left, and fits its line', () => {
  expect(bar(LINE, 5000, { columns: 100 })).toBe(
    '[#####...............] 250 of 1000, 50/s, 15 s left: 240 confirmed, 10 refused',
  );
  expect(bar(LINE, 5000, { columns: 30 })).toHaveLength(30);
  expect(bar({ ...LINE, finished: 0, counts: {} }, 0, { columns: 100 })).toBe(
    '[....................] 0 of 1000, 0.0/s',
  );
});

test.each([
  { mode: 'done', confirmed: 1000, code: 0 },
  { mode: 'done', confirmed: 999, code: 3 },
  { mode: 'paused', confirmed: 1000, code: 3 },
] as const)('$mode with $confirmed of 1000 confirmed ends with $code', ({ mode, confirmed, code }) => {
  expect(exitCodeOf({ ...LINE, mode, counts: { confirmed } })).toBe(code);
});

test('the report as CSV, quoted where it must be and without formulas', () => {
  const phone: StormPhone = {
    mac: '00:15:65:aa:bb:cc',
    label: '=cmd()',
    verdict: 'confirmed',
    sentence: 'fetched "x", again',
    times: 1,
    afterMs: 1500,
  };
  expect(reportText('csv', [phone])).toBe(
    'mac,label,vendor,model,address,verdict,sentence,advice,status,wokenAt,times,afterMs\r\n' +
      '00:15:65:aa:bb:cc,\'=cmd(),,,,confirmed,"fetched ""x"", again",,,,1,1500\r\n',
  );
  expect(JSON.parse(reportText('json', [phone]))).toEqual([phone]);
});

test('the dry run lists who and what', () => {
  expect(plannedTable(PHONES.slice(0, 1), { columns: 200 })).toEqual([
    'MAC                LABEL  PHONE  TO               WAKE-UP',
    '00:15:65:aa:bb:cc         ?      10.20.0.51:5060  check-sync;reboot=false: x',
    '1 of 1 phones would be woken',
  ]);
});
