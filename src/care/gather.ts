// Looks around the machine for `unboxd doctor`: everything that judge.ts wants to know, in about two seconds.
import { join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { showIpv4 } from '../base/ipv4.ts';
import { type Mistake, showMistake } from '../base/yaml-text.ts';
import type { StoryLine } from '../control/api.ts';
import { controlClient } from '../control/client.ts';
import { findInterface, listInterfaces } from '../net/interfaces.ts';
import { realWorld } from '../net/world.ts';
import { type LoadedSite, type LoadRequest, loadSite } from '../site/load.ts';
import type { PhoneEvent } from '../timeline/event.ts';
import { lanFacts } from './facts-lan.ts';
import { machineFacts } from './facts-machine.ts';
import { portFacts, type WantedPort } from './facts-ports.ts';
import { certificateFacts, fileFacts, folderFacts, keysIn } from './facts-store.ts';
import type { CaredDaemon, DaemonFacts, FileFacts, OtherLan, Survey } from './survey.ts';

export type SurveyRequest = Omit<LoadRequest, 'facts'>;

/** Everything that was found. Rejects only where the vendor files that come with unboxd are broken. */
export async function gatherFacts(request: SurveyRequest): Promise<Survey> {
  const { site, mistakes, names } = await settings(request);
  const daemon = await daemonFacts(site.controlSocket);
  const machine = await machineFacts(join(site.state, 'journal'));
  const trouble = daemon.kind === 'runs' ? await troubleOf(site.controlSocket) : undefined;
  const { cannotPin } = machine;
  const look = async (one: string): Promise<OtherLan> => {
    const modes = modesOf(site, one);
    const doors = [
      ...(modes.mode === 'off' ? [] : (['dhcp'] as const)),
      ...(modes.pnp === 'off' ? [] : (['pnp'] as const)),
    ];
    const elsewhere = site.lans.filter((lan) => lan.interface !== one).map(({ subnet }) => subnet);
    const parts = {
      name: one,
      world: realWorld(),
      makers: site.makers,
      doors,
      cannotPin,
      trouble,
      elsewhere,
    };
    return { ...modes, lan: await lanFacts(parts) };
  };
  const looked = await Promise.all(names.map(look));
  const [first, ...others] = looked;
  const { mode, pnp } = first ?? modesOf(site, undefined);
  const pid = daemon.kind === 'runs' ? daemon.pid : undefined;
  const certificates = join(site.state, 'certs');
  return {
    machine,
    mistakes,
    ports: await portFacts(wantedPorts(site, looked), pid),
    lan: first?.lan,
    others,
    interfaces: listInterfaces()
      .filter(({ loopback }) => !loopback)
      .map(({ name: one, address }) => `${one} (${showIpv4(address)})`),
    mode,
    pnp,
    state: await folderFacts(site.state),
    files: await fileFacts([...(await keysIn(certificates)), ...filesOf(request, site)]),
    certificates: await certificateFacts(certificates),
    control: site.controlSocket,
    daemon,
  };
}

interface Settings {
  readonly site: LoadedSite;
  readonly mistakes: Survey['mistakes'];
  /** The interfaces that settings or command line name. */
  readonly names: readonly string[];
}

function modesOf({ lans }: LoadedSite, name: string | undefined): Pick<OtherLan, 'mode' | 'pnp'> {
  const lan = lans.find((one) => one.interface === name);
  return { mode: lan?.dhcp.mode ?? 'full', pnp: lan?.pnp.mode ?? 'provision' };
}

/** Where the settings have mistakes, the rest is looked at by the defaults and what the command line says. */
async function settings(request: SurveyRequest): Promise<Settings> {
  const names = new Set(request.interface === undefined ? [] : [request.interface]);
  const facts: LoadRequest['facts'] = (named) => {
    names.add(named);
    try {
      return findInterface(named);
    } catch {
      // Told by the findings of the interface.
      return undefined;
    }
  };
  const loaded = await loadSite({ ...request, facts });
  if (loaded.ok) return { site: loaded.value, mistakes: undefined, names: [...names] };
  const { state, control } = request;
  const bare = await loadSite({ state, control, facts: () => undefined });
  if (!bare.ok) throw brokenInstallation(bare.error);
  return { site: bare.value, mistakes: mistakesOf(loaded.error, request), names: [...names] };
}

function mistakesOf(
  mistakes: readonly Mistake[],
  { file, interface: name }: SurveyRequest,
): Survey['mistakes'] {
  const [first] = mistakes;
  const flags = [
    file === undefined ? '' : ` --config ${file}`,
    name === undefined ? '' : ` --interface ${name}`,
  ];
  return {
    first: first === undefined ? 'the settings have mistakes' : showMistake(first),
    count: mistakes.length,
    check: `unboxd check${flags.join('')}`,
  };
}

function brokenInstallation([first]: readonly Mistake[]): Fault {
  const message = first === undefined ? 'the installation is broken' : showMistake(first);
  return new Fault('broken-installation', message, 'install unboxd again, or name another --interface');
}

/** Each is tried where the LANs that want it can be used. Without any LAN the defaults of one hold. */
export function wantedPorts(
  { doors }: Pick<LoadedSite, 'doors'>,
  lans: readonly OtherLan[],
): readonly WantedPort[] {
  const { tftp, http, https, httpsLegacy, ftp } = doors;
  const wanted = (
    [transport, port, purpose]: readonly ['tcp' | 'udp', number | 'off', string],
    wants: (lan: OtherLan) => boolean = () => true,
  ): readonly WantedPort[] => {
    const those = lans.filter(wants);
    if (port === 'off' || (those.length === 0 && lans.length > 0)) return [];
    const interfaces = those.flatMap(({ lan }) => (lan.trouble === undefined ? lan.name : []));
    return [{ transport, port, purpose, interfaces }];
  };
  return [
    ...wanted(['udp', 67, 'DHCP'], ({ mode }) => mode !== 'off'),
    ...wanted(['udp', tftp === 'on' ? 69 : portOf(tftp), 'TFTP']),
    ...wanted(['udp', 5060, 'SIP PnP'], ({ pnp }) => pnp !== 'off'),
    ...wanted(['tcp', http, 'HTTP']),
    ...wanted(['tcp', portOf(https), 'HTTPS']),
    ...wanted(['tcp', portOf(ftp), 'FTP']),
    ...wanted(['tcp', httpsLegacy, 'HTTPS for old phones']),
  ];
}

function portOf(door: 'off' | { readonly port: number }): number | 'off' {
  return door === 'off' ? 'off' : door.port;
}

function filesOf(
  { file, phones }: SurveyRequest,
  { controlSocket }: LoadedSite,
): readonly Pick<FileFacts, 'path' | 'role' | 'what'>[] {
  return [
    ...(file === undefined ? [] : [{ path: file, role: 'settings', what: 'the settings' } as const]),
    ...(phones === undefined ? [] : [{ path: phones, role: 'secret', what: 'the phone list' } as const]),
    { path: controlSocket, role: 'socket', what: 'the control socket' } as const,
  ];
}

async function daemonFacts(socket: string): Promise<DaemonFacts> {
  try {
    const daemon = await controlClient(socket).get<CaredDaemon>('/v1/care');
    return { kind: 'runs', ...daemon };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'control-forbidden') return { kind: 'forbidden' };
    return { kind: error.code === 'refused' ? 'other' : 'none' };
  }
}

/** Events of no phone. */
async function troubleOf(socket: string): Promise<readonly PhoneEvent[] | undefined> {
  const lines = await controlClient(socket)
    .get<readonly StoryLine[]>('/v1/trouble')
    .catch(() => undefined);
  // What the daemon sends as `event` is an event of the timeline.
  return lines?.map(({ event }) => event as unknown as PhoneEvent);
}
