// The rule by which the runner fills files and the fleet checks them: each byte follows from name and offset, so a
// block from the wrong file or the wrong place never looks right.

/** The bytes of a file of that name and length. */
export function contentOf(name: string, length: number): Buffer {
  const seed = hash(name);
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4);
  for (let word = 0; word * 4 < length; word += 1) bytes.writeUInt32LE(mix(seed ^ word), word * 4);
  return bytes.subarray(0, length);
}

/** The MAC of simulated phone `index`, twelve hex digits, with a prefix that the registry gives to Yealink. */
export function macOf(index: number): string {
  return `001565${(0x100000 + index).toString(16).padStart(6, '0')}`;
}

/** FNV-1a. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const byte of Buffer.from(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

/** The finalizer of MurmurHash3: neighbours come out far apart. */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
