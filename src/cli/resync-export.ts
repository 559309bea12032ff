// The same wake-ups as commands for the registrar: for phones that obey nobody else.
import type { PlannedPhone } from '../control/storms-api.ts';

export const EXPORTS = ['asterisk', 'freeswitch', 'kamailio'] as const;
export type ExportKind = (typeof EXPORTS)[number];

/** Shell lines. A phone that cannot be named to the registrar becomes a comment that says why. */
export function exportLines(kind: ExportKind, phones: readonly PlannedPhone[]): readonly string[] {
  const ready = phones.filter(({ because }) => because === undefined);
  const left = phones
    .filter(({ because }) => because !== undefined)
    .map(({ mac, because = '' }) => `# ${mac}: not woken: ${because}`);
  // A line end in vendor data must not begin a command of its own.
  return [...HEADS[kind](ready), ...ready.map(LINES[kind]), ...left].map((line) =>
    line.replaceAll(/[\r\n]+/g, ' '),
  );
}

const LINES: Readonly<Record<ExportKind, (phone: PlannedPhone) => string>> = {
  asterisk: (phone) =>
    withAccount(
      phone,
      (account) => `asterisk -rx ${quoted(`pjsip send notify ${sectionOf(phone)} endpoint ${account}`)}`,
    ),
  freeswitch: (phone) =>
    withAccount(phone, (account) => {
      const headers: readonly (readonly [string, string])[] = [
        ['profile', 'internal'],
        ['event-string', phone.event ?? ''],
        ['user', account],
        ['content-type', phone.contentType ?? 'application/simple-message-summary'],
      ];
      const added = headers.map(([name, value]) => `e:addHeader(${lua(name)},${lua(value)})`);
      // The domain is the one that FreeSWITCH itself goes by.
      const host = `e:addHeader("host",freeswitch.API():executeString("global_getvar domain"))`;
      const body = phone.body === undefined ? [] : [`e:addBody(${lua(phone.body)})`];
      const code = [`e=freeswitch.Event("NOTIFY")`, ...added, host, ...body, 'e:fire()'].join(' ');
      return `fs_cli -x ${quoted(`luarun ~${code}`)}`;
    }),
  // The registrar's own table of contacts is not asked: the phone is sent to where it is here.
  kamailio: (phone) =>
    phone.account === undefined
      ? kamailio(phone, '')
      : withAccount(phone, (account) => kamailio(phone, `${account}@`)),
};

function kamailio({ to = '', event = '', contentType, body }: PlannedPhone, user: string): string {
  const uri = `sip:${user}${to}`;
  const headers = [
    'From: <sip:unboxd@localhost>',
    `To: <${uri}>`,
    `Event: ${event}`,
    'Subscription-State: terminated',
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
  ].map((line) => `${line}\r\n`);
  // `s:` makes it text, also where it is empty: without a body Kamailio 5.6 sends one of its own making.
  const args = ['NOTIFY', uri, '.', '.', headers.join(''), `s:${body ?? ''}`];
  return `kamcmd tm.t_uac_start ${args.map(shellWord).join(' ')}`;
}

const HEADS: Readonly<Record<ExportKind, (phones: readonly PlannedPhone[]) => readonly string[]>> = {
  asterisk: (phones) => {
    const sections = new Map(phones.map((phone) => [sectionOf(phone), phone]));
    const lines = [...sections].flatMap(([name, { event = '', contentType, body }]) => [
      `# [${name}]`,
      `# Event=>${event.replaceAll(';', String.raw`\;`)}`,
      ...(contentType === undefined ? [] : [`# Content-type=>${contentType}`]),
      ...(body === undefined ? [] : body.split('\n').map((line) => `# Content=>${line}`)),
    ]);
    return [
      '# pjsip_notify.conf needs, without the number signs (then: asterisk -rx "module reload res_pjsip_notify.so"):',
      ...lines,
    ];
  },
  freeswitch: () => ['# needs mod_lua; change the profile if it is not "internal"'],
  kamailio: () => ['# needs the modules ctl and tm'],
};

/** A name for the event in pjsip_notify.conf. */
function sectionOf({ event = '' }: PlannedPhone): string {
  return `unboxd-${event.replaceAll(/[^\w]+/g, '-').replaceAll(/^-+|-+$/g, '')}`.slice(0, 60);
}

function withAccount(phone: PlannedPhone, line: (account: string) => string): string {
  const { account, mac } = phone;
  if (account !== undefined && /^[\w.+-]+$/.test(account)) return line(account);
  return `# ${mac}: the registrar knows it by its account: fill in sip_user or extension in the phone list`;
}

function lua(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`)}"`;
}

/** As one word for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Line ends must be written out for the shell. */
function shellWord(text: string): string {
  if (!/[\r\n]/.test(text)) return quoted(text);
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`);
  return `$'${escaped.replaceAll('\r', String.raw`\r`).replaceAll('\n', String.raw`\n`)}'`;
}
