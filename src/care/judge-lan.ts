// The served interface and who else is on its LAN, judged.
import type { Finding } from './judge.ts';
import type { LanFacts, Stranger, Survey } from './survey.ts';

export function judgeLan(survey: Survey): readonly Finding[] {
  const { lan, interfaces } = survey;
  const topic = 'interface';
  if (lan === undefined) {
    const known = interfaces.length === 0 ? 'none with an address' : interfaces.join(', ');
    const sentence = `no interface to serve is named; this machine has ${known}`;
    return [{ topic, state: 'bad', sentence, mend: 'unboxd init, or: unboxd doctor --interface NAME' }];
  }
  if (lan.trouble !== undefined) {
    return [{ topic, state: 'bad', sentence: lan.trouble.message, mend: lan.trouble.hint }];
  }
  return [
    { topic, state: 'ok', sentence: `${lan.name} is up, with link and ${lan.where}` },
    ...judgePinning(survey, lan),
    ...judgeTwins(lan),
    ...judgeMulticast(survey, lan),
    ...judgeStrangers(survey, lan),
  ];
}

function judgePinning({ machine, interfaces }: Survey, lan: LanFacts): readonly Finding[] {
  const topic = 'interface';
  if (machine.cannotPin === undefined) return [];
  const others = interfaces.filter((other) => !other.startsWith(`${lan.name} `));
  const mend = 'npm install koffi, or let systemd open the sockets (systemd/unboxd.socket)';
  if (others.length === 0) {
    const sentence = `sockets cannot be pinned to ${lan.name} (${machine.cannotPin}): do not connect this machine to another LAN`;
    return [{ topic, state: 'warn', sentence, mend }];
  }
  const sentence = `sockets cannot be pinned to ${lan.name}: ${machine.cannotPin}; the LAN of ${others.join(', ')} would be served too`;
  return [{ topic, state: 'bad', sentence, mend }];
}

function judgeTwins({ name, twins, where }: LanFacts): readonly Finding[] {
  if (twins.length === 0) return [];
  const sentence = `${twins.join(' and ')} has an address in the same subnet as ${name} (${where}): answers may leave by the wrong one`;
  return [{ topic: 'interface', state: 'warn', sentence, mend: 'give the staging LAN a subnet of its own' }];
}

function judgeMulticast({ pnp }: Survey, lan: LanFacts): readonly Finding[] {
  const topic = 'multicast';
  if (pnp === 'off') return [];
  if (lan.multicast === true) {
    return [
      { topic, state: 'ok', sentence: `what is sent to the PnP group 224.0.1.75 is heard on ${lan.name}` },
    ];
  }
  if (lan.multicast === undefined) {
    const sentence = `multicast was not tried on ${lan.name}: ${lan.multicastTrouble ?? 'no reason given'}`;
    return [{ topic, state: 'warn', sentence, mend: 'sudo unboxd doctor' }];
  }
  const sentence = `what is sent to the PnP group 224.0.1.75 is not heard on ${lan.name}: phones that ask by PnP get no answer`;
  const mend = `ip link set ${lan.name} multicast on; see a firewall: nft list ruleset`;
  return [{ topic, state: 'bad', sentence, mend }];
}

function judgeStrangers({ mode, pnp }: Survey, lan: LanFacts): readonly Finding[] {
  const findings: Finding[] = lan.strangers.map((stranger) => judgeStranger(stranger, mode));
  const doors = [mode === 'off' ? undefined : 'DHCP', pnp === 'off' ? undefined : 'PnP'].filter(
    (door) => door !== undefined,
  );
  if (lan.strangers.length === 0 && lan.notLooked.length === 0 && doors.length > 0) {
    findings.push({
      topic: 'others',
      state: 'ok',
      sentence: `no other ${doors.join(' or ')} server answers on ${lan.name}`,
    });
  }
  for (const sentence of lan.notLooked) {
    findings.push({ topic: 'others', state: 'warn', sentence, mend: 'sudo unboxd doctor' });
  }
  return findings;
}

function judgeStranger({ door, who }: Stranger, mode: Survey['mode']): Finding {
  const topic = 'others';
  if (door === 'pnp') {
    const sentence = `another PnP server answers: ${who}; phones take the URL of the quicker one`;
    return { topic, state: 'warn', sentence, mend: 'switch it off there, or here: pnp: discover' };
  }
  if (mode !== 'full')
    return { topic, state: 'ok', sentence: `the DHCP server beside which unboxd works answers: ${who}` };
  const sentence = `another DHCP server answers: ${who}; nothing is offered to phones while it does`;
  const mend =
    'unplug it from this LAN, or work beside it: dhcp: { mode: companion }, or allow it: dhcp: { guard: { allow: [ADDRESS] } }';
  return { topic, state: 'bad', sentence, mend };
}
