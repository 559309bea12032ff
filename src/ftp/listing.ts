// Directory listings in the three forms that clients read: ls -l, names, and facts (RFC 3659 section 7).
import type { Millis } from '../base/world.ts';
import type { ListedFile } from '../files/desk.ts';
import { showMoment } from './packet.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const HALF_A_YEAR = 182 * 86_400_000;

/** As `ls -l` writes it: the form that every client can read (RFC 959 has none). */
export function listLine({ name, bytes, modified, isDirectory }: ListedFile, now: Millis): string {
  const kind = isDirectory ? 'drwxr-xr-x' : '-rw-r--r--';
  return `${kind}   1 ftp      ftp      ${String(bytes).padStart(12)} ${listDate(modified ?? now, now)} ${name}`;
}

/** The hour for what is of the last half year, the year for the rest. */
function listDate(at: Millis, now: Millis): string {
  const date = new Date(at);
  const day = `${MONTHS[date.getUTCMonth()] ?? 'Jan'} ${String(date.getUTCDate()).padStart(2)}`;
  if (at <= now && now - at < HALF_A_YEAR) return `${day} ${date.toISOString().slice(11, 16)}`;
  return `${day}  ${date.getUTCFullYear()}`;
}

/** `type=file;size=12;modify=20260101000000; name` */
export function factLine({ name, bytes, modified, isDirectory }: ListedFile): string {
  const size = isDirectory ? '' : `size=${bytes};`;
  const date = modified === undefined ? '' : `modify=${showMoment(modified)};`;
  return `type=${isDirectory ? 'dir' : 'file'};${size}${date} ${name}`;
}
