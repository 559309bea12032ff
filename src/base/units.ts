// Durations and sizes as people write them.

/** Reads `500ms`, `30s`, `10m`, `1h`, `2d` as milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * unit;
}

/** Reads `512`, `64 KiB`, `4 MiB`, `1GiB`, also `64k` and `4 MB`, as bytes; all units are powers of 1024. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)\s*(?:([kmg])(?:i?b)?|b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const unit = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  return Number(match[1]) * unit;
}

/** The shortest exact form: 3600000 is `1h`, 90000 is `90s`. */
export function showDuration(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** About how long, for sentences: `3 s`, `4 min`, `2 h`. */
export function roughly(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** Bytes for people: `512 bytes`, `70 kB`, `16 MB`. */
export function showBytes(count: number): string {
  if (count < 10_000) return `${count} bytes`;
  if (count < 10_000_000) return `${Math.round(count / 1000)} kB`;
  return `${Math.round(count / 1_000_000)} MB`;
}
