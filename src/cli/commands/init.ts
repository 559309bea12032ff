import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errnoOf, Fault } from '../../base/fault.ts';
import { listCandidates } from '../../care/facts-interfaces.ts';
import { lookAround } from '../../care/facts-lan.ts';
import { idOfName } from '../../care/proc.ts';
import { settingsText } from '../../care/proposal.ts';
import type { Stranger } from '../../care/survey.ts';
import { HOME } from '../../net/home.ts';
import { findInterface } from '../../net/interfaces.ts';
import { openLan } from '../../net/lan.ts';
import { readMakers } from '../../net/makers.ts';
import { realWorld } from '../../net/world.ts';
import { loadSite } from '../../site/load.ts';
import { type Command, type Flags, type Terminal, textFlag, UsageError } from '../command.ts';
import { converse, type InitGround, type Settled } from '../init-talk.ts';
import { tellMistakes } from '../mistakes.ts';

const OUTPUT = '/etc/unboxd/unboxd.yaml';

/** `unboxd init`: from a fresh installation to settings that work. */
export const init = makeInit({
  candidates: listCandidates,
  look,
  vendors: async () => {
    const loaded = await loadSite({ facts: () => undefined });
    return loaded.ok ? loaded.value.catalogue.vendors.map(({ id }) => id) : [];
  },
  today: () => new Date().toISOString().slice(0, 10),
});

export function makeInit(ground: InitGround): Command {
  return {
    name: 'init',
    summary: 'look at this machine, ask a few questions, write unboxd.yaml',
    flags: [
      { flags: '--interface <name>', what: 'the staging LAN' },
      {
        flags: '--mode <mode>',
        what: 'full, companion or off; without it other DHCP servers are looked for first',
      },
      { flags: '--pool <range>', what: 'addresses for phones: 10.20.0.50-10.20.3.250' },
      { flags: '--pnp <mode>', what: 'provision (proposed) or off' },
      {
        flags: '--vendors <list>',
        what: 'makes of phones, with commas; the others are left alone (default: all)',
      },
      { flags: '--phones <csv>', what: 'the phone list' },
      { flags: '--http <port>', what: 'a port, or off (proposed: 80)' },
      { flags: '--https <port>', what: 'a port, or off (proposed: off)' },
      { flags: '--tftp <on>', what: 'on (proposed) or off' },
      { flags: '--output <file>', what: 'where to write; - prints it', otherwise: OUTPUT },
      { flags: '--yes', what: 'ask nothing: take what is proposed' },
      { flags: '--force', what: 'replace a file that is there; it is kept as FILE.old' },
    ],
    examples: [
      'sudo unboxd init',
      'sudo unboxd init --yes --interface eth1',
      'unboxd init --yes --interface eth1 --mode companion --vendors yealink,fanvil --output -',
    ],
    run: async ({ flags, terminal }) => {
      const output = textFlag(flags, 'output') ?? OUTPUT;
      const ask = flags['yes'] === true ? undefined : terminal.ask;
      if (ask === undefined && flags['yes'] !== true) {
        throw new UsageError('nobody can be asked here: say --yes, and --interface NAME for the staging LAN');
      }
      await mayWrite(output, { flags, ask, terminal });
      const settled = await converse({ ground, flags, ask, terminal, base: dirname(resolve(output)) });
      const text = settingsText(settled.answers, {
        file: output === '-' ? OUTPUT : output,
        on: ground.today(),
      });
      if (output === '-') {
        terminal.out(text.trimEnd());
        return 0;
      }
      return await write(text, output, { ...settled, terminal });
    },
  };
}

/** Asks before anything else: nobody likes to answer ten questions for nothing. */
async function mayWrite(
  output: string,
  { flags, ask, terminal }: { flags: Flags; ask: Terminal['ask']; terminal: Terminal },
): Promise<void> {
  if (output === '-' || flags['force'] === true || !(await exists(output))) return;
  if (ask !== undefined) {
    const answer = await ask(`${output} is there already. Replace it (it is kept as ${output}.old)? [no] `);
    if (/^y(es)?$/i.test(answer?.trim() ?? '')) return;
    terminal.note('nothing was changed');
  }
  const hint = '--force replaces it and keeps it as FILE.old; --output writes somewhere else';
  throw new Fault('would-overwrite', `${output} is there already`, hint);
}

/** Writes beside it, checks what is written as the daemon will, and only then gives it its name. */
async function write(
  text: string,
  output: string,
  { answers, lan, terminal }: Settled & { readonly terminal: Terminal },
) {
  const fresh = `${output}.new`;
  try {
    await mkdir(dirname(resolve(output)), { recursive: true });
    // SIP passwords may be put into it: not for everybody on this machine.
    await writeFile(fresh, text, { mode: 0o640 });
    await chmod(fresh, 0o640);
    await giveToDaemon(fresh);
    const loaded = await loadSite({ file: fresh, facts: () => lan });
    if (!loaded.ok) {
      await rm(fresh);
      return tellMistakes(terminal, loaded.error);
    }
    if (await exists(output)) await rename(output, `${output}.old`);
    await rename(fresh, output);
  } catch (error) {
    const hint = 'run it with sudo, or write somewhere else with --output FILE';
    throw new Fault(
      'unwritable',
      `${output} cannot be written (${errnoOf(error) ?? 'unknown'})`,
      hint,
      error,
    );
  }
  terminal.out(`wrote ${nearest(output)}`);
  const { command } = answers;
  if (command !== undefined) terminal.out(`give ${answers.interface} its address: ${command}`);
  terminal.out(`then look at the machine: unboxd doctor --config ${output}`);
  terminal.out('and start: systemctl enable --now unboxd');
  return 0 as const;
}

/** The user of the unit must read what only root may write. */
async function giveToDaemon(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const group = idOfName(await readFile('/etc/group', 'utf8').catch(() => ''), 'unboxd');
  if (group !== undefined) await chown(path, 0, group);
}

function nearest(path: string): string {
  const from = relative(process.cwd(), resolve(path));
  return from.startsWith('..') ? resolve(path) : from;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** One look, on that interface alone; what comes back is who answers. */
async function look(name: string): Promise<readonly Stranger[] | string> {
  try {
    const world = realWorld();
    const lan = openLan({ interface: name, world, ...findInterface(name) });
    const { makers } = await readMakers(fileURLToPath(new URL('config/', HOME)));
    const { strangers, notLooked } = await lookAround(lan, { world, makers, doors: ['dhcp'] });
    return notLooked[0] ?? strangers;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
