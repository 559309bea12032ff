import { gatherFacts } from '../../care/gather.ts';
import { type Finding, judge, type State, verdict } from '../../care/judge.ts';
import type { Command, Terminal } from '../command.ts';
import { SITE_FLAGS, siteRequest } from './serve.ts';

const COLOUR: Readonly<Record<State, string>> = { ok: '32', warn: '33', bad: '31' };

/** `unboxd doctor`: what of this machine is in the way, and the command that mends it. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'look at ports, interface, other servers, disk, clock and permissions; say what mends each',
  flags: [
    ...SITE_FLAGS,
    { flags: '--state <dir>', what: 'where leases are kept (default /var/lib/unboxd)' },
    { flags: '--control <path>', what: 'socket of the daemon (default /run/unboxd/control.sock)' },
    { flags: '--json', what: 'for machines: one JSON array of { topic, state, sentence, mend }' },
  ],
  examples: [
    'sudo unboxd doctor --config /etc/unboxd/unboxd.yaml',
    'sudo unboxd doctor --interface eth1',
    'unboxd doctor --json',
  ],
  notes: [
    'Exit codes: 0 all is fine, 1 something will not work, 2 it works but should be looked at.',
    'It asks for other servers on the named interface once, as a phone would, and takes nothing from them.',
    'While the daemon runs, what it knows already is taken from it.',
  ],
  run: async ({ flags, terminal }) => {
    const findings = judge(await gatherFacts(siteRequest(flags)));
    if (flags['json'] === true) terminal.out(JSON.stringify(findings, null, 2));
    else for (const finding of findings) show(terminal, finding);
    if (flags['json'] !== true) terminal.note(summary(findings));
    return verdict(findings);
  },
};

function show(terminal: Terminal, { topic, state, sentence, mend }: Finding): void {
  const colour = terminal.isTty && terminal.env['NO_COLOR'] === undefined;
  const mark = state.padEnd(4);
  const shown = colour ? `\x1b[${COLOUR[state]}m${mark}\x1b[0m` : mark;
  terminal.out(`${shown}  ${topic.padEnd(12)}  ${sentence}`);
  if (mend !== undefined) terminal.out(`${' '.repeat(20)}try: ${mend}`);
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: State): number => findings.filter(({ state }) => state === wanted).length;
  const [bad, warn] = [count('bad'), count('warn')];
  if (bad === 0 && warn === 0) return 'all is fine';
  const look = warn === 0 ? '' : `${warn} to be looked at`;
  if (bad === 0) return `it works; ${look}`;
  return `${bad} in the way${look === '' ? '' : `, ${look}`}`;
}
