import type { TokenLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { type Command, DAEMON_FLAGS, textFlag, UsageError } from '../command.ts';
import { dateAndClock, table } from '../table.ts';

/** `unboxd tokens`: how far phones are with the tokens in their URLs, and a new one for a phone that was reset. */
export const tokens: Command = {
  name: 'tokens',
  summary: 'list which phones have confirmed their lasting URL; give one that was reset a new first token',
  flags: [
    { flags: '--mac <mac>', what: 'this phone only' },
    { flags: '--renew', what: 'give it a new first token (with --mac)' },
    ...DAEMON_FLAGS,
  ],
  examples: ['unboxd tokens', 'unboxd tokens --mac 00:15:65:aa:bb:cc --renew'],
  run: async ({ flags, terminal }) => {
    const mac = textFlag(flags, 'mac');
    const client = controlClient(textFlag(flags, 'control') ?? '');
    const isJson = flags['json'] === true;
    if (flags['renew'] === true) {
      if (mac === undefined) throw new UsageError('--renew goes with --mac MAC: one phone at a time');
      const line = await client.post<TokenLine>(`/v1/tokens/${encodeURIComponent(mac)}`, {});
      terminal.out(isJson ? JSON.stringify(line) : `${line.mac} has a new first token: ${line.sentence}`);
      if (!isJson) terminal.note('unboxd: restart the phone, so that it asks for its URL anew');
      return 0;
    }
    const all = await client.get<readonly TokenLine[]>('/v1/tokens');
    const wanted = mac?.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
    const lines = all.filter((line) => wanted === undefined || line.mac.replaceAll(':', '') === wanted);
    if (mac !== undefined && lines.length === 0) {
      terminal.note(`unboxd: ${mac} has not been seen and is not listed`);
      terminal.note('  try: "unboxd phones" lists those that are known');
      return 1;
    }
    if (isJson) {
      terminal.out(JSON.stringify(lines, null, 2));
      return 0;
    }
    const rows = lines.map(({ mac: who, usedAt, confirmedAt, renewed, step }) => [
      ...[who, moment(usedAt), moment(confirmedAt), String(renewed), STATE[step]],
    ]);
    const header = ['MAC', 'FIRST USED', 'CONFIRMED', 'RENEWED', 'STATE'];
    for (const row of table([header, ...rows], terminal.columns)) terminal.out(row.trimEnd());
    return 0;
  },
};

const STATE: Readonly<Record<TokenLine['step'], string>> = {
  fresh: 'not used yet',
  'first-used': 'not confirmed yet',
  confirmed: 'confirmed',
};

function moment(at: number | undefined): string {
  return at === undefined ? '-' : dateAndClock(at);
}
