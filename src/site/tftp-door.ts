// How an installer writes the TFTP door: on, off, or what is different from the usual.
import { err } from '../base/result.ts';
import { checkShape, flag, type PortRange, port, portRange, shape } from '../base/shape.ts';

export interface TftpSettings {
  /** Where requests are heard. */
  readonly port: number;
  /** Ports that transfers are answered from; absent: any free ones. */
  readonly ports?: PortRange | undefined;
  /** Everything through the one port: for firewalls and NAT between us and the phones. */
  readonly singlePort: boolean;
  /** The largest block that a phone may have (RFC 2348). */
  readonly blksize: number;
  /** Whether blocks are kept so small that the interface carries them in one piece. */
  readonly clampToMtu: boolean;
  /** The most DATA packets per ACK (RFC 7440). */
  readonly windowsize: number;
  /** Options that are never acknowledged, for phones that stumble over an OACK. */
  readonly refuseOptions: readonly string[];
  /** Transfers at a time, in all and for one address. What is beyond is met with silence: phones ask again. */
  readonly maxTransfers: number;
  readonly perAddress: number;
}

export const TFTP_DEFAULTS: TftpSettings = {
  port: 69,
  singlePort: false,
  blksize: 65_464,
  clampToMtu: true,
  windowsize: 64,
  refuseOptions: [],
  maxTransfers: 6000,
  perAddress: 16,
};

const settings = shape
  .strictObject({
    port: port.default(TFTP_DEFAULTS.port),
    ports: portRange('50000-50031').optional(),
    singlePort: flag.default(TFTP_DEFAULTS.singlePort),
    blksize: shape.int().min(512).max(65_464).default(TFTP_DEFAULTS.blksize),
    clampToMtu: flag.default(TFTP_DEFAULTS.clampToMtu),
    windowsize: shape.int().min(1).max(65_535).default(TFTP_DEFAULTS.windowsize),
    refuseOptions: shape
      .array(shape.enum(['blksize', 'tsize', 'timeout', 'windowsize', 'rollover']))
      .default([]),
    maxTransfers: shape.int().min(1).max(60_000).default(TFTP_DEFAULTS.maxTransfers),
    perAddress: shape.int().min(1).max(60_000).default(TFTP_DEFAULTS.perAddress),
  })
  .refine(({ ports: range, singlePort }) => range === undefined || !singlePort, {
    error: 'singlePort uses no other ports: take out ports, or singlePort',
  });

const WRITE = 'write on, off, or settings such as { perAddress: 16 }';

/** The key `doors.tftp`. Not a union: of one with settings in it only "invalid" would be told, and not what. */
export const tftpSetting = shape
  .unknown()
  .transform((written, context): 'off' | 'on' | TftpSettings => {
    if (written === 'off' || written === false) return 'off';
    if (written === 'on' || written === true) return 'on';
    const isRecord = typeof written === 'object' && written !== null && !Array.isArray(written);
    const checked = isRecord ? checkShape(settings, written) : err([{ path: [], message: WRITE }]);
    if (checked.ok) return checked.value;
    for (const { path, message } of checked.error) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
    return shape.NEVER;
  })
  .default('on');
