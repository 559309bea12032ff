import { join } from 'node:path';
import { roughly } from '../../base/units.ts';
import type { Closable } from '../../base/world.ts';
import type { PhoneLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import { daemonAnswers, startUnboxd } from '../../rehearse/child.ts';
import { type DemoSite, demoPhones, writeDemoSite } from '../../rehearse/demo-site.ts';
import { openStage, type Stage } from '../../rehearse/stage.ts';
import type { Command, ExitCode, Terminal } from '../command.ts';
import { type LiveTable, liveTable } from '../live.ts';
import { tellStopped, unlessStopped } from '../stopped.ts';
import { countStages } from '../table.ts';

/** Between one phone and the next: an installer has two hands. */
const PLUG_EVERY = 150;
/** A healthy demo takes a few seconds; a slow machine gets its time. */
const PATIENCE = 120_000;

/** `unboxd demo`: the real daemon and twelve simulated phones in a private network, until every phone is proven. */
export const demo: Command = {
  name: 'demo',
  summary: 'boot twelve simulated phones against the real daemon, in a private network',
  flags: [{ flags: '--json', what: 'for machines: one JSON object per change' }],
  examples: ['unboxd demo', 'unboxd demo --json'],
  notes: [
    'It needs no rights and no network: nothing leaves the private network, nothing of it is left behind.',
  ],
  run: async ({ flags, terminal }) => {
    const stop = new AbortController();
    terminal.onStop(() => stop.abort());
    const live = liveTable(terminal, { title: 'unboxd demo', json: flags['json'] === true });
    const opened: Closable[] = [];
    const all = async (): Promise<ExitCode> => {
      const stage = await openStage({
        links: [
          {
            host: 'desk',
            interface: 'lan0',
            address: '10.99.0.1/24',
            peer: 'phones',
            peerInterface: 'port0',
          },
        ],
      });
      opened.push(stage);
      const site = await writeDemoSite({ interface: 'lan0' });
      opened.push(site);
      return await play({ terminal, live, stage, site, stop: stop.signal, opened });
    };
    try {
      return await unlessStopped(terminal, stop.signal, all);
    } finally {
      for (const one of opened.reverse()) await one.close();
    }
  },
};

interface Play {
  readonly terminal: Terminal;
  readonly live: LiveTable;
  readonly stage: Stage;
  readonly site: DemoSite;
  readonly stop: AbortSignal;
  /** What the caller closes, last opened first. */
  readonly opened: Closable[];
}

async function play(parts: Play): Promise<ExitCode> {
  const { terminal, live, stage, site, stop, opened } = parts;
  const log = join(site.folder, 'log');
  const daemon = startUnboxd(stage, 'desk', ['serve', '--config', site.config], { log });
  opened.push(daemon);
  await daemonAnswers(daemon, { control: site.control, log });

  const began = performance.now();
  const phones = demoPhones();
  const ended = new AbortController();
  const watching = controlClient(site.control).lines<PhoneLine>(
    {
      method: 'GET',
      path: '/v1/watch',
      until: AbortSignal.any([stop, ended.signal, AbortSignal.timeout(PATIENCE)]),
    },
    (line) => {
      live.show(line);
      const lines = live.lines();
      if (lines.length >= phones.length && lines.every(({ stage: is }) => is === 'proven')) ended.abort();
    },
  );
  for (const { mac, vendor, model } of phones) {
    if (stop.aborted) break;
    const argv = [
      'simulate',
      '--interface',
      'port0',
      '--mac',
      mac,
      '--vendor',
      vendor,
      '--model',
      model,
      '--config',
      site.config,
    ];
    opened.push(startUnboxd(stage, 'phones', argv, { log: join(site.folder, `phone-${mac}`) }));
    await new Promise((next) => setTimeout(next, PLUG_EVERY));
  }
  await watching;
  live.flush();
  return summary(terminal, live, {
    stopped: stop.aborted,
    proven: ended.signal.aborted,
    ms: performance.now() - began,
  });
}

function summary(
  terminal: Terminal,
  live: LiveTable,
  end: { stopped: boolean; proven: boolean; ms: number },
): ExitCode {
  const lines = live.lines();
  if (end.stopped) return tellStopped(terminal);
  if (!end.proven) {
    terminal.note(`not every phone was proven within ${roughly(PATIENCE)}: ${countStages(lines)}`);
    return 1;
  }
  terminal.note(
    `all ${lines.length} phones are proven after ${roughly(end.ms)}: each has the final bytes of its own file.`,
  );
  terminal.note('For real phones, as root: npm start -- --interface NAME');
  return 0;
}
