// How an installer writes where the daemon can be asked, and what it logs.
import { parseIpv4, showIpv4 } from '../base/ipv4.ts';
import { off, shape } from '../base/shape.ts';

/** Where Prometheus finds the metrics. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

/** `10.20.0.1:9750`, or a port alone: that of the loopback interface. */
export function parseMetricsAddress(text: string): MetricsAddress | undefined {
  const [, host = LOOPBACK, digits = ''] = /^(?:([\d.]+|\[::1\]|localhost):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65_535) return undefined;
  if (host === 'localhost') return { host: LOOPBACK, port };
  if (host === '[::1]') return { host: '::1', port };
  const address = parseIpv4(host);
  return address === undefined ? undefined : { host: showIpv4(address), port };
}

const metricsAddress = shape
  .union([shape.string(), shape.int()])
  .transform((written, { addIssue }): MetricsAddress => {
    const address = parseMetricsAddress(String(written));
    if (address !== undefined) return address;
    addIssue({ code: 'custom', message: 'write an address and a port (127.0.0.1:9750) or off' });
    return shape.NEVER;
  });

/** `control:` of the settings. */
export const controlSettings = shape
  .strictObject({
    socket: shape.string().min(1).default('/run/unboxd/control.sock'),
    metrics: shape
      .union([off, metricsAddress], { error: 'write an address and a port (127.0.0.1:9750) or off' })
      .default('off'),
  })
  .prefault({});

const level = shape.enum(['debug', 'info', 'warn', 'error', 'silent'], {
  error: 'write debug, info, warn, error or silent',
});
const DOORS = ['dhcp', 'pnp', 'tftp', 'http', 'https', 'ftp', 'notify'] as const;

/** `log:` of the settings. */
export const logSettings = shape
  .strictObject({
    level: level.default('info'),
    /** Doors whose level is another. */
    doors: shape.partialRecord(shape.enum(DOORS), level).default({}),
  })
  .prefault({});
