// Node, capabilities, clock, receive buffer and ports, judged.
import type { Finding } from './judge.ts';
import type { Holder, MachineFacts, PortFacts, Survey } from './survey.ts';

/** `engines` of package.json. */
const OLDEST_NODE = [20, 19, 0] as const;
/** What net/udp.ts asks for: room for some 3000 phones that ask in the same moment. */
export const WANTED_BUFFER = 4 * 1024 * 1024;
/** Before this program was written it cannot be later than now. */
const EARLIEST = Date.UTC(2026, 10, 1);
const LATEST = Date.UTC(2060, 0, 1);
/** Clocks of two programs differ a little, and file systems round. */
const SAME_TIME = 5_000;

export function judgeMachine(survey: Survey): readonly Finding[] {
  const { machine } = survey;
  return [judgeNode(machine), ...judgeCapabilities(survey), judgeClock(machine), judgeBuffer(survey)];
}

function judgeNode({ node }: MachineFacts): Finding {
  const topic = 'node';
  if (isOldEnough(node)) return { topic, state: 'ok', sentence: `Node ${node}` };
  const sentence = `Node ${node} is older than ${OLDEST_NODE.join('.')}`;
  const mend = 'Debian 13 has a new enough one: apt-get install nodejs; for older systems see nodejs.org';
  return { topic, state: 'bad', sentence, mend };
}

function isOldEnough(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of OLDEST_NODE.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function judgeCapabilities({ machine, daemon, ports }: Survey): readonly Finding[] {
  const topic = 'capabilities';
  const findings: Finding[] = [];
  const lowest = Math.min(...ports.map(({ port }) => port));
  const needs = lowest < machine.unprivilegedFrom;
  const [who, mine] = [machine.user, machine.capabilities.has('NET_BIND_SERVICE')];
  if (daemon.kind === 'runs' || !needs || mine) {
    const raw = machine.capabilities.has('NET_RAW') ? ' and CAP_NET_RAW' : '';
    const sentence = mine
      ? `${who} has CAP_NET_BIND_SERVICE${raw}`
      : `${who} needs no capability to open these ports`;
    findings.push({
      topic,
      state: 'ok',
      sentence: daemon.kind === 'runs' ? 'the daemon has its ports' : sentence,
    });
  } else if (machine.unit?.capabilities.has('NET_BIND_SERVICE') === true) {
    const sentence = `${who} may not open ports below ${machine.unprivilegedFrom}; the unit ${machine.unit.path} gives CAP_NET_BIND_SERVICE`;
    findings.push({ topic, state: 'ok', sentence });
  } else {
    const sentence = `${who} may not open ports below ${machine.unprivilegedFrom}: CAP_NET_BIND_SERVICE is missing`;
    findings.push({ topic, state: 'bad', sentence, mend: 'run it by its unit, or with sudo' });
  }
  if (machine.unit !== undefined && needs && !machine.unit.capabilities.has('NET_BIND_SERVICE')) {
    const sentence = `the unit ${machine.unit.path} does not give CAP_NET_BIND_SERVICE`;
    const mend = 'systemctl edit unboxd, and write: [Service] AmbientCapabilities=CAP_NET_BIND_SERVICE';
    findings.push({ topic, state: 'bad', sentence, mend });
  }
  return findings;
}

function judgeClock({ clock }: MachineFacts): Finding {
  const topic = 'clock';
  const shown = new Date(clock.now).toISOString().slice(0, 16).replace('T', ' ');
  const mend = 'timedatectl set-ntp true; without a time server: date -s "2027-01-31 12:00"';
  if (clock.now < EARLIEST || clock.now > LATEST) {
    const sentence = `the clock says ${shown} UTC, which cannot be: certificates and leases would be wrong`;
    return { topic, state: 'bad', sentence, mend };
  }
  if (clock.written !== undefined && clock.written > clock.now + SAME_TIME) {
    const then = new Date(clock.written).toISOString().slice(0, 16).replace('T', ' ');
    const sentence = `the clock went back: it says ${shown} UTC, and the daemon wrote its state at ${then}`;
    return { topic, state: 'warn', sentence, mend };
  }
  if (!clock.isSynchronised && !clock.hasBattery) {
    const sentence = `the clock says ${shown} UTC, but nothing sets it and no battery keeps it`;
    return { topic, state: 'warn', sentence, mend };
  }
  return { topic, state: 'ok', sentence: `the clock says ${shown} UTC` };
}

function judgeBuffer({ machine: { buffer }, ports }: Survey): Finding {
  const topic = 'buffer';
  const lost = ports.reduce((sum, port) => sum + port.lost, 0);
  const most = buffer.most === undefined ? '' : ` (net.core.rmem_max is ${buffer.most})`;
  const mend = `sysctl -w net.core.rmem_max=${WANTED_BUFFER}; to keep it: systemd/unboxd.sysctl.conf into /etc/sysctl.d/; then restart unboxd`;
  if (buffer.granted < WANTED_BUFFER) {
    const sentence = `the kernel lets a socket hold ${kilo(buffer.granted)} of waiting datagrams${most}, ${kilo(WANTED_BUFFER)} are wanted: when many phones start at once, some must ask twice`;
    return { topic, state: 'warn', sentence, mend };
  }
  if (lost > 0) {
    const sentence = `${lost} datagrams were lost for want of room since the daemon started`;
    return { topic, state: 'warn', sentence, mend: 'see what else keeps the machine busy: top' };
  }
  return {
    topic,
    state: 'ok',
    sentence: `the kernel lets a socket hold ${kilo(buffer.granted)} of waiting datagrams`,
  };
}

function kilo(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

/** One finding for each port that the settings ask for. */
export function judgePorts({ ports, machine }: Survey): readonly Finding[] {
  return ports.map((port) => judgePort(port, machine));
}

function judgePort(facts: PortFacts, machine: MachineFacts): Finding {
  const topic = 'ports';
  const named = `${facts.transport.toUpperCase()} port ${facts.port} (${facts.purpose})${facts.on === undefined ? '' : ` on ${facts.on}`}`;
  if (facts.isOurs) return { topic, state: 'ok', sentence: `${named} is held by the running unboxd` };
  switch (facts.outcome) {
    case 'free':
      return { topic, state: 'ok', sentence: `${named} is free` };
    case 'taken':
      return {
        topic,
        state: 'bad',
        sentence: `${named} is taken${byWhom(facts.holders)}`,
        mend: freeIt(facts),
      };
    case 'forbidden': {
      const byUnit = machine.unit?.capabilities.has('NET_BIND_SERVICE') === true;
      const [state, taken] = [byUnit ? 'ok' : 'bad', facts.holders.length > 0] as const;
      if (taken)
        return {
          topic,
          state: 'bad',
          sentence: `${named} is taken${byWhom(facts.holders)}`,
          mend: freeIt(facts),
        };
      const sentence = `${named}: nobody has it, and ${machine.user} may not try it`;
      return { topic, state, sentence, mend: byUnit ? undefined : 'sudo unboxd doctor' };
    }
    case 'failed':
      return {
        topic,
        state: 'bad',
        sentence: `${named} cannot be opened: ${facts.detail ?? 'no reason given'}`,
      };
  }
}

function byWhom(holders: readonly Holder[]): string {
  const named = holders.flatMap(({ pid, name }) =>
    pid === undefined ? [] : [`${name ?? '?'} (process ${pid})`],
  );
  if (named.length > 0) return ` by ${[...new Set(named)].join(' and ')}`;
  return ' by a process that this user may not see';
}

function freeIt({ holders, transport, port }: PortFacts): string {
  const pid = holders.find((holder) => holder.pid !== undefined)?.pid;
  if (pid === undefined)
    return `see who has it: sudo ss -${transport === 'udp' ? 'lunp' : 'ltnp'} 'sport = :${port}'`;
  return `find its service: systemctl status ${pid}; then stop it: systemctl disable --now THE-SERVICE`;
}
