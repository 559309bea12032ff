// A phone that reads one file (RFC 1350, 2347, 7440), written from the RFCs and not from src/tftp, so that a mistake
// there cannot agree with itself here.

export interface TinyClient {
  /** What the phone says first, and each time it hears something or has waited too long. */
  start(): Buffer;
  hear(packet: Uint8Array): readonly Buffer[];
  /** Nothing came for a while: the last word again. */
  again(): Buffer;
  readonly file: () => Buffer;
  readonly isDone: () => boolean;
}

interface Wanted {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

export function tinyClient({ name, options }: Wanted): TinyClient {
  const pieces: Buffer[] = [];
  let blksize = 512;
  let windowsize = 1;
  let next = 1;
  let unacknowledged = 0;
  let isDone = false;
  const words = [name, 'octet', ...Object.entries(options).flat()];
  const request = Buffer.from(`\0\x01${words.join('\0')}\0`, 'latin1');
  let last = request;

  const acknowledge = (): readonly Buffer[] => {
    unacknowledged = 0;
    last = Buffer.from([0, 4, ((next - 1) >> 8) & 255, (next - 1) & 255]);
    return [last];
  };
  const onOptions = (text: string): readonly Buffer[] => {
    if (next > 1) return [];
    const said = text.split('\0');
    blksize = Number(said[said.indexOf('blksize') + 1] ?? 512);
    windowsize = said.includes('windowsize') ? Number(said[said.indexOf('windowsize') + 1]) : 1;
    return acknowledge();
  };
  const onData = (block: number, data: Buffer): readonly Buffer[] => {
    // Too late or too early: say where we are.
    if (isDone || block !== (next & 0xffff)) return acknowledge();
    pieces.push(Buffer.from(data));
    next += 1;
    unacknowledged += 1;
    isDone = data.length < blksize;
    return isDone || unacknowledged >= windowsize ? acknowledge() : [];
  };
  return {
    start: () => request,
    hear: (packet) => {
      const bytes = Buffer.from(packet);
      const opcode = bytes.readUInt16BE(0);
      if (opcode === 6) return onOptions(bytes.subarray(2).toString('latin1'));
      if (opcode === 3) return onData(bytes.readUInt16BE(2), bytes.subarray(4));
      throw new Error(`the phone did not expect opcode ${opcode}`);
    },
    again: () => last,
    file: () => Buffer.concat(pieces),
    isDone: () => isDone,
  };
}
