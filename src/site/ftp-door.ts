// How an installer writes the FTP door: off, a port, or what is different from the usual.
import { duration, flag, off, type PortRange, port, portRange, shape } from '../base/shape.ts';

export interface FtpSettings {
  readonly port: number;
  /** For firewalls; absent: any free port. */
  readonly passivePorts?: PortRange | undefined;
  /** Whoever is none of doors.accounts may come in too. */
  readonly anonymous: boolean;
  /** Control connections at a time. */
  readonly maxSessions: number;
  /** ms after which a control connection that asks nothing is closed. */
  readonly idle: number;
}

const settings = shape.strictObject({
  port: port.default(21),
  passivePorts: portRange('50000-50100').optional(),
  anonymous: flag.default(true),
  maxSessions: shape.int().min(1).max(1000).default(200),
  idle: duration.default(300_000),
});

export const ftpSetting = shape
  .union([off, port.transform((number): FtpSettings => settings.parse({ port: number })), settings], {
    error: (issue) =>
      typeof issue.input === 'object' && issue.input !== null
        ? undefined
        : 'write off, a port, or settings such as { port: 21, passivePorts: "50000-50100" }',
  })
  .default('off');
