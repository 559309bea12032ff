// Plugs a simulated phone into a LAN: performs what its step machine says and calls it again when something comes.
import { latin1 } from '../base/bytes.ts';
import { type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import type { Cancel, Closable, World } from '../base/world.ts';
import type { Lan, Peer, UdpSocket } from '../net/ports.ts';
import {
  type PhoneInput,
  type PhoneMachine,
  type PhoneOutput,
  type PhoneSetup,
  plugIn,
  stepPhone,
} from './phone.ts';
import { fetchByTftp } from './tftp-fetch.ts';

export interface WebRequest {
  readonly to: Peer;
  /** Our own address. */
  readonly from: Ipv4;
  /** Path and query. */
  readonly target: string;
  readonly userAgent: string;
  readonly secure: boolean;
}

export interface WebAnswer {
  readonly status: number;
  readonly bytes: number;
  readonly text?: string;
}

/** What a phone does, for machines. */
export type Doing =
  | { readonly kind: 'asks'; readonly tries: number }
  | { readonly kind: 'has-address'; readonly address: Ipv4 }
  | { readonly kind: 'file'; readonly url: string; readonly found: boolean; readonly bytes: number }
  | { readonly kind: 'finished'; readonly own: boolean };

export interface PlugParts {
  readonly setup: PhoneSetup;
  readonly lan: Lan;
  readonly world: World;
  /** Gives the interface that address, so that sockets can use it. */
  readonly takeAddress: (address: Ipv4, prefix: number) => Promise<void>;
  /** Rejects when nobody answers. */
  readonly webGet: (request: WebRequest) => Promise<WebAnswer>;
  /** What it does, in words. */
  readonly say: (line: string) => void;
  /** The same for machines. */
  readonly tell?: (doing: Doing) => void;
}

export interface PluggedPhone extends Closable {
  machine(): PhoneMachine;
}

const DHCP_PORT = 68;

/** Plugs it in; it boots at once. */
export async function plugPhone(parts: PlugParts): Promise<PluggedPhone> {
  const { lan, world, say } = parts;
  const tell = parts.tell ?? (() => undefined);
  let machine = plugIn(parts.setup);
  let cancelTick: Cancel = () => undefined;
  let sip: UdpSocket | undefined;
  /** Who gave the address: a host name in a URL is taken to mean it, for nobody else is there. */
  let server: Ipv4 | undefined;
  let open = true;
  /** Outputs are performed in order, one after the other, also when one of them takes time. */
  let performing: Promise<void> = Promise.resolve();

  const step = (input: PhoneInput): void => {
    if (!open) return;
    const { next, outputs, wakeAt } = stepPhone(world.now(), machine, input);
    machine = next;
    if (wakeAt !== undefined) {
      cancelTick();
      cancelTick = world.after(wakeAt - world.now(), () => step({ kind: 'tick' }));
    }
    performing = performing.then(async () => {
      for (const output of outputs) if (open) await perform(output);
    });
    performing.catch((error: unknown) => say(`cannot go on: ${String(error)}`));
  };
  const trouble = (error: Error): void => say(`trouble: ${error.message}`);

  const dhcp = await lan.openUdp(
    { port: DHCP_PORT, shared: true, purpose: 'a simulated phone', onTrouble: trouble },
    (bytes) => step({ kind: 'dhcp', bytes }),
  );

  const perform = async (output: PhoneOutput): Promise<void> => {
    switch (output.kind) {
      case 'send':
        if (output.by === 'dhcp') tell({ kind: 'asks', tries: machine.tries });
        (output.by === 'dhcp' ? dhcp : sip)?.send(output.bytes, output.to);
        return;
      case 'take-address':
        await parts.takeAddress(output.address, output.prefix);
        tell({ kind: 'has-address', address: output.address });
        server = output.server;
        await sip?.close();
        sip = await lan.openUdp(
          { port: output.sipPort, address: output.address, purpose: 'a simulated phone', onTrouble: trouble },
          (bytes, from) => step({ kind: 'sip', bytes, from }),
        );
        return;
      case 'fetch': {
        // Not awaited: an answer to a NOTIFY must not wait for a file.
        void fetch(parts, { from: machine.address, server }, output).then((file) => {
          const { found, bytes } = file;
          say(`${found ? 'fetched' : 'did not get'} ${output.url}`);
          tell({ kind: 'file', url: output.url, found, bytes });
          step(file);
        });
        return;
      }
      case 'finished':
        tell(output);
        say(output.own ? 'has its own file' : 'went through all names without its own file');
    }
  };

  step({ kind: 'start' });
  return {
    machine: () => machine,
    close: async () => {
      open = false;
      cancelTick();
      await dhcp.close();
      await sip?.close();
    },
  };
}

type Fetched = Extract<PhoneInput, { kind: 'file' }>;

async function fetch(
  parts: PlugParts,
  { from, server }: { readonly from: Ipv4 | undefined; readonly server: Ipv4 | undefined },
  { url, userAgent, tftp }: Extract<PhoneOutput, { kind: 'fetch' }>,
): Promise<Fetched> {
  const nothing: Fetched = { kind: 'file', found: false, bytes: 0 };
  const place = /^(\w+):\/\/([^:/]+)(?::(\d+))?(\/.*)$/.exec(url);
  const address = parseIpv4(place?.[2] ?? '') ?? server;
  if (place === null || address === undefined || from === undefined) return nothing;
  const [, scheme = '', , port, target = '/'] = place;
  try {
    if (scheme === 'tftp') {
      const to = { address, port: Number(port ?? 69) };
      const file = await fetchByTftp({ ...parts, from, to, name: target.slice(1), options: tftp });
      if (file === undefined) return nothing;
      return { kind: 'file', found: true, bytes: file.length, text: latin1(file) };
    }
    const secure = scheme === 'https';
    if (!secure && scheme !== 'http') return nothing;
    const to = { address, port: Number(port ?? (secure ? 443 : 80)) };
    const { status, ...got } = await parts.webGet({ to, from, target, userAgent, secure });
    return { kind: 'file', found: status === 200, ...got };
  } catch {
    return nothing;
  }
}
