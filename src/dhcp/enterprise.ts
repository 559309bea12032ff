// Options that say whose they are by an enterprise number (RFC 3925): 124 carries classes, 125 carries options. With
// the number of the Broadband Forum, 125 tells device and gateway apart for TR-069 (annex F; once TR-111).
import { ByteWriter, latin1 } from '../base/bytes.ts';

/** What one enterprise says in option 124. */
interface VendorClasses {
  readonly enterprise: number;
  readonly classes: readonly Uint8Array[];
}

/** What one enterprise says in option 125. */
interface VendorOptions {
  readonly enterprise: number;
  readonly options: readonly { readonly code: number; readonly bytes: Uint8Array }[];
}

const VENDOR_CLASSES = 124;
const VENDOR_OPTIONS = 125;
const BROADBAND_FORUM = 3561;

// Reading: what overruns ends the reading, and what stood before it is kept.

/** The value of option 124 (RFC 3925 section 3). */
export function decodeVendorClasses(bytes: Uint8Array): readonly VendorClasses[] {
  return blocksOf(bytes).map(({ enterprise, data }) => {
    const classes: Uint8Array[] = [];
    for (let at = 0; at < data.length; ) {
      const end = at + 1 + (data[at] ?? 0);
      if (end > data.length) break;
      classes.push(data.subarray(at + 1, end));
      at = end;
    }
    return { enterprise, classes };
  });
}

/** The value of option 125 (RFC 3925 section 4). */
export function decodeVendorOptions(bytes: Uint8Array): readonly VendorOptions[] {
  return blocksOf(bytes).map(({ enterprise, data }) => {
    const options: VendorOptions['options'][number][] = [];
    for (let at = 0; at + 2 <= data.length; ) {
      const end = at + 2 + (data[at + 1] ?? 0);
      if (end > data.length) break;
      options.push({ code: data[at] ?? 0, bytes: data.subarray(at + 2, end) });
      at = end;
    }
    return { enterprise, options };
  });
}

/** Both options begin alike: the number in four bytes, the length of its data in one. */
function blocksOf(bytes: Uint8Array): readonly { enterprise: number; data: Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: { enterprise: number; data: Uint8Array }[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + view.getUint8(at + 4);
    blocks.push({ enterprise: view.getUint32(at), data: bytes.subarray(at + 5, end) });
    at = end;
  }
  return blocks;
}

/** The enterprises that options 124 and 125 name, each once. */
export function enterprisesOf(options: ReadonlyMap<number, Uint8Array>): readonly number[] {
  const blocks = [VENDOR_CLASSES, VENDOR_OPTIONS].flatMap((code) =>
    blocksOf(options.get(code) ?? new Uint8Array()),
  );
  return [...new Set(blocks.map(({ enterprise }) => enterprise))];
}

// Writing.

/** The value of option 124; undefined when something is longer than its length byte can say. */
export function encodeVendorClasses(list: readonly VendorClasses[]): Uint8Array | undefined {
  return encodeBlocks(
    list.map(({ enterprise, classes }) => ({
      enterprise,
      parts: classes.map((bytes) => ({ head: [], bytes })),
    })),
  );
}

/** The value of option 125; undefined when something is longer than its length byte can say. */
export function encodeVendorOptions(list: readonly VendorOptions[]): Uint8Array | undefined {
  return encodeBlocks(
    list.map(({ enterprise, options }) => ({
      enterprise,
      parts: options.map(({ code, bytes }) => ({ head: [code], bytes })),
    })),
  );
}

interface Block {
  readonly enterprise: number;
  /** What stands before the length byte, and what behind it. */
  readonly parts: readonly { readonly head: readonly number[]; readonly bytes: Uint8Array }[];
}

function encodeBlocks(blocks: readonly Block[]): Uint8Array | undefined {
  const writer = new ByteWriter(64);
  for (const { enterprise, parts } of blocks) {
    const length = parts.reduce((sum, { head, bytes }) => sum + head.length + 1 + bytes.length, 0);
    // A part is shorter than its block, so this holds for both length bytes.
    if (length > 255) return undefined;
    writer.u32(enterprise).u8(length);
    for (const { head, bytes } of parts) writer.run(Uint8Array.of(...head, bytes.length)).run(bytes);
  }
  return writer.done().slice();
}

// TR-069 annex F.

/** Who a device or a gateway is, in the words of TR-069. */
interface Tr069Identity {
  /** The maker's OUI, six hex digits. */
  readonly oui: string;
  readonly serial: string;
  readonly productClass?: string | undefined;
}

/** Sub-options of option 125 under the number of the Broadband Forum. */
const DEVICE = { oui: 1, serial: 2, productClass: 3 } as const;
const GATEWAY = { oui: 4, serial: 5, productClass: 6 } as const;

/** As which device a client introduces itself (option 125); undefined unless it gives both OUI and serial number. */
export function deviceIdentityOf(options: ReadonlyMap<number, Uint8Array>): Tr069Identity | undefined {
  const told = new Map<number, string>();
  for (const block of decodeVendorOptions(options.get(VENDOR_OPTIONS) ?? new Uint8Array())) {
    if (block.enterprise !== BROADBAND_FORUM) continue;
    for (const { code, bytes } of block.options) told.set(code, latin1(bytes).replace(/\0+$/, ''));
  }
  const [oui, serial, productClass] = [DEVICE.oui, DEVICE.serial, DEVICE.productClass].map((code) =>
    told.get(code),
  );
  if (oui === undefined || oui === '' || serial === undefined || serial === '') return undefined;
  return productClass === undefined || productClass === '' ? { oui, serial } : { oui, serial, productClass };
}

/**
 * Option 125 for a client that introduced itself: who its gateway is. The device tells its ACS, which so learns that
 * both stand in one house. Text is cut to what TR-069 allows: 6, 64 and 64 characters.
 */
export function gatewayIdentity({ oui, serial, productClass }: Tr069Identity): Uint8Array {
  const part = (code: number, text: string, most: number): VendorOptions['options'][number] => ({
    code,
    bytes: Buffer.from(text, 'latin1').subarray(0, most),
  });
  const options = [
    part(GATEWAY.oui, oui, 6),
    part(GATEWAY.serial, serial, 64),
    ...(productClass === undefined ? [] : [part(GATEWAY.productClass, productClass, 64)]),
  ];
  return encodeVendorOptions([{ enterprise: BROADBAND_FORUM, options }]) ?? new Uint8Array();
}
