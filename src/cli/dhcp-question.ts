// A DHCP message as somebody describes it on the command line.
import { ANY, type Ipv4, parseIpv4 } from '../base/ipv4.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { encodeHex, encodeIps, encodeMessageType, encodeText, encodeU8 } from '../dhcp/options.ts';
import { BOOTREQUEST, type DhcpMessage, encodePacket } from '../dhcp/packet.ts';
import { type Flag, type Flags, textFlag, UsageError } from './command.ts';

/** The flags that describe a message. */
export const QUESTION_FLAGS: readonly Flag[] = [
  { flags: '--mac <mac>', what: 'explain a DHCP message of this MAC, made of the flags that follow' },
  { flags: '--option60 <text>', what: 'its vendor class' },
  { flags: '--prl <codes>', what: 'the options it asks for (option 55), as 1,3,66' },
  { flags: '--option77 <text>', what: 'its user class' },
  { flags: '--client-id <hex>', what: 'its client identifier (option 61)' },
  { flags: '--hostname <name>', what: 'its host name (option 12)' },
  { flags: '--requested <ip>', what: 'the address it asks for (option 50)' },
  { flags: '--circuit-id <text>', what: 'its switch port, as a relay tells it (option 82)' },
  { flags: '--giaddr <ip>', what: 'the relay it comes through' },
  { flags: '--interface <name>', what: 'the LAN it comes in by, where several are served' },
  { flags: '--type <type>', what: 'discover, request or inform', otherwise: 'discover' },
];

const TYPES = ['discover', 'request', 'inform'] as const;
/** A transaction of no client's. */
const XID = 0x75_6e_62_78;

/** The bytes of the message. Throws a UsageError that names the flag that cannot be read. */
export function dhcpQuestion(flags: Flags): Uint8Array {
  const type = TYPES.find((each) => each === (textFlag(flags, 'type') ?? 'discover'));
  if (type === undefined) throw new UsageError('--type is discover, request or inform');
  const requested = addressFlag(flags, 'requested');
  const message: DhcpMessage = {
    op: BOOTREQUEST,
    htype: 1,
    hops: 0,
    xid: XID,
    secs: 0,
    flags: 0,
    ciaddr: type === 'inform' ? (requested ?? ANY) : ANY,
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: addressFlag(flags, 'giaddr') ?? ANY,
    chaddr: Buffer.from(macFlag(flags), 'hex'),
    sname: '',
    file: '',
    options: new Map([
      [53, encodeMessageType(type)],
      ...optional(50, requested && encodeIps([requested])),
      ...optional(55, codesFlag(flags)),
      ...optional(60, bytesOf(textFlag(flags, 'option60'))),
      ...optional(77, bytesOf(textFlag(flags, 'option77'))),
      ...optional(61, hexFlag(flags)),
      ...optional(12, bytesOf(textFlag(flags, 'hostname'))),
      ...optional(82, circuit(textFlag(flags, 'circuitId'))),
    ]),
  };
  return encodePacket(message).bytes;
}

function optional(code: number, bytes: Uint8Array | undefined): readonly (readonly [number, Uint8Array])[] {
  return bytes === undefined ? [] : [[code, bytes]];
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : encodeText(text);
}

function circuit(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = encodeText(text);
  return Buffer.concat([encodeU8(1), encodeU8(bytes.length), bytes]);
}

function macFlag(flags: Flags): Mac {
  const written = textFlag(flags, 'mac') ?? '';
  const mac = parseMac(written);
  if (mac === undefined) throw new UsageError(`--mac: "${written}" is not a MAC address`);
  return mac;
}

function addressFlag(flags: Flags, name: string): Ipv4 | undefined {
  const written = textFlag(flags, name);
  if (written === undefined) return undefined;
  const address = parseIpv4(written);
  if (address === undefined) throw new UsageError(`--${name}: "${written}" is not an IPv4 address`);
  return address;
}

function codesFlag(flags: Flags): Uint8Array | undefined {
  const written = textFlag(flags, 'prl');
  if (written === undefined) return undefined;
  const codes = written.split(',').map((code) => Number(code.trim()));
  if (codes.some((code) => !Number.isInteger(code) || code < 0 || code > 255)) {
    throw new UsageError(`--prl: "${written}" is not a list of option codes (write 1,3,66)`);
  }
  return Uint8Array.from(codes);
}

function hexFlag(flags: Flags): Uint8Array | undefined {
  const written = textFlag(flags, 'clientId')?.replaceAll(/[-:.\s]/g, '');
  if (written === undefined) return undefined;
  if (!/^([0-9a-f]{2})+$/i.test(written))
    throw new UsageError('--client-id: write its bytes in hex: 01001565aabbcc');
  return encodeHex(written);
}
