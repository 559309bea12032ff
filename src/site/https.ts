// How an installer writes the HTTPS doors.
import { off, port, shape } from '../base/shape.ts';

const text = shape.string().min(1);

/** A port alone means all other settings by default. */
const secured = shape.strictObject({
  port: port.default(443),
  /** What phones call us, besides the host of the provisioning URL and the address. */
  names: shape.array(text).default(['unboxd']),
  clientCertificates: shape
    .union([off, shape.enum(['optional', 'required'])], { error: 'write optional, required or off' })
    .default('off'),
  /** A file or a folder of PEM: the roots of the phone makers. */
  authorities: text.optional(),
});

const WRITE = 'write a port number, off, or { port, names, clientCertificates, authorities }';

/** The key `doors.https`. */
export const httpsSetting = shape
  .union([off, port.transform((written) => secured.parse({ port: written })), secured], { error: WRITE })
  .default('off');

/** The key `doors.httpsLegacy`. */
export const legacySetting = shape.union([off, port], { error: 'write a port number or off' }).default('off');
