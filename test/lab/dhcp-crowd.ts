// A crowd of made-up clients at the cable of the phones, played by a program with a socket for whole frames.
import { heard, type Lab, type Running } from './lab.ts';

/** Any Python 3 will do. */
const PYTHON = 'python3';
const PROGRAM = 'test/lab/dhcp-crowd.py';

export interface CrowdOptions {
  /** discover: ask only. dora: take what is offered. With `only-`, nobody comes after the last of them. */
  readonly mode: 'discover' | 'dora' | 'only-dora';
  readonly firstMac: string;
  readonly count: number;
  /** Newcomers a second. */
  readonly rate: number;
}

export interface Acked {
  readonly mac: string;
  readonly address: string;
}

export interface Crowd {
  readonly running: Running;
  /** The leases that have been confirmed so far. */
  acked(): readonly Acked[];
  /** Resolves when `count` clients have asked. */
  readonly allAsked: () => Promise<void>;
  /** Reads what is still waiting on the cable, and ends it. */
  stop(): Promise<void>;
}

/** Lets the crowd in. */
export function startCrowd(lab: Lab, { mode, firstMac, count, rate }: CrowdOptions): Crowd {
  const argv = [PYTHON, PROGRAM, 'p0', mode, firstMac, String(count), String(rate)];
  const running = lab.start('phones', argv);
  return {
    running,
    acked: () =>
      [...running.output().matchAll(/^ack (\S+) (\S+)$/gm)].map(([, mac = '', address = '']) => ({
        mac,
        address,
      })),
    allAsked: async () => await heard(running, 'all\n'),
    stop: async () => {
      running.say('stop\n');
      await running.ended;
    },
  };
}
