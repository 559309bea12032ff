import { readFile } from 'node:fs/promises';
import { printable } from '../../base/bytes.ts';
import { errnoOf, Fault } from '../../base/fault.ts';
import { showIpv4 } from '../../base/ipv4.ts';
import { showMac } from '../../base/mac.ts';
import type { ImportedLease, ImportResult, LeaseLine } from '../../control/api.ts';
import { controlClient } from '../../control/client.ts';
import {
  detectLeaseFormat,
  LEASE_FORMATS,
  type LeaseFile,
  type LeaseFormat,
  writeLeasesCsv,
} from '../../dhcp/lease-files.ts';
import { realWorld } from '../../net/world.ts';
import {
  type Call,
  type Command,
  DAEMON_FLAGS,
  type ExitCode,
  type Flags,
  textFlag,
  UsageError,
} from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { dateAndClock, table } from '../table.ts';

const FORMATS = Object.keys(LEASE_FORMATS).join(', ');

/** `unboxd leases`: who holds which address until when; and the leases of another server taken over. */
export const leases: Command = {
  name: 'leases',
  summary: 'list the leases, or take over those of another DHCP server',
  flags: [
    ...DAEMON_FLAGS,
    { flags: '--csv', what: 'as comma-separated values' },
    { flags: '--import <file>', what: 'take over the leases of another server from its file' },
    { flags: '--format <name>', what: `what that file is: ${FORMATS} (default: by its look)` },
    { flags: '--dry-run', what: 'show what would be taken over, and change nothing' },
  ],
  examples: [
    'unboxd leases',
    'unboxd leases --csv >leases.csv',
    'unboxd leases --import /var/lib/misc/dnsmasq.leases --dry-run',
    'unboxd leases --import dhcpd.leases --format isc',
  ],
  run: async (call) => {
    const file = textFlag(call.flags, 'import');
    checkFlags(call.flags, file);
    return file === undefined ? await list(call) : await importFrom(file, call);
  },
};

function checkFlags(flags: Flags, file: string | undefined): void {
  if (file === undefined && (flags['dryRun'] === true || flags['format'] !== undefined))
    throw new UsageError('--dry-run and --format go with --import FILE');
  if (flags['csv'] === true && (file !== undefined || flags['json'] === true))
    throw new UsageError('--csv goes neither with --json nor with --import');
}

async function list({ flags, terminal }: Call): Promise<ExitCode> {
  const lines = await controlClient(textFlag(flags, 'control') ?? '').get<readonly LeaseLine[]>('/v1/leases');
  if (flags['json'] === true) {
    terminal.out(JSON.stringify(lines, null, 2));
  } else if (flags['csv'] === true) {
    terminal.raw(Buffer.from(writeLeasesCsv(lines)));
  } else {
    // Which LAN it is of says nothing where there is one.
    const several = lines.some((line) => line.interface !== undefined);
    const rows = lines.map((line) => [
      line.address,
      line.mac,
      line.state,
      dateAndClock(line.expires),
      ...(several ? [line.interface ?? ''] : []),
      printable(line.hostname ?? ''),
    ]);
    const head = ['ADDRESS', 'MAC', 'STATE', 'UNTIL', ...(several ? ['LAN'] : []), 'NAME'];
    for (const row of table([head, ...rows], terminal.columns)) terminal.out(row.trimEnd());
  }
  return 0;
}

async function importFrom(file: string, { flags, terminal }: Call): Promise<ExitCode> {
  const text = await textOf(file);
  const format = formatOf(file, text, textFlag(flags, 'format'));
  const read = LEASE_FORMATS[format](text, realWorld().now());
  if (read.mistakes.length > 0)
    return tellMistakes(
      terminal,
      read.mistakes.map((mistake) => ({ file, ...mistake })),
    );
  const found = imported(read);
  if (flags['dryRun'] === true) {
    tellDryRun(found, read, { flags, terminal });
    return 0;
  }
  const client = controlClient(textFlag(flags, 'control') ?? '');
  const result = await client.post<ImportResult>('/v1/leases', { leases: found });
  tellResult(result, read, { flags, terminal });
  return result.skipped.length === 0 ? 0 : 3;
}

function imported({ leases: found }: LeaseFile): readonly ImportedLease[] {
  return found.map(({ address, mac, expires }) => ({
    address: showIpv4(address),
    mac: showMac(mac),
    expires,
  }));
}

function formatOf(file: string, text: string, named: string | undefined): LeaseFormat {
  if (named !== undefined && !isFormat(named))
    throw new UsageError(`"${named}" is no format of lease files known here (known: ${FORMATS})`);
  const format = named ?? detectLeaseFormat(text);
  if (format === undefined)
    throw new UsageError(`${file} does not look like a lease file known here: say --format (${FORMATS})`);
  return format;
}

function isFormat(name: string): name is LeaseFormat {
  return Object.hasOwn(LEASE_FORMATS, name);
}

type Show = Pick<Call, 'flags' | 'terminal'>;

function tellDryRun(found: readonly ImportedLease[], { ended }: LeaseFile, { flags, terminal }: Show): void {
  if (flags['json'] === true) {
    terminal.out(JSON.stringify({ leases: found, ended }, null, 2));
    return;
  }
  const rows = found.map(({ address, mac, expires }) => [address, mac, new Date(expires).toISOString()]);
  for (const row of table([['ADDRESS', 'MAC', 'UNTIL'], ...rows], terminal.columns)) terminal.out(row);
  terminal.note(`${count(found.length)} would be taken over${endedToo(ended)}; nothing was changed`);
}

function tellResult(result: ImportResult, { ended }: LeaseFile, { flags, terminal }: Show): void {
  if (flags['json'] === true) {
    terminal.out(JSON.stringify({ ...result, ended }, null, 2));
    return;
  }
  for (const { address, mac, because } of result.skipped)
    terminal.note(`left out ${address} of ${mac}: ${because}`);
  const left = result.skipped.length === 0 ? '' : `, ${result.skipped.length} left out`;
  terminal.out(`${count(result.taken)} taken over${left}${endedToo(ended)}`);
}

function count(leaseCount: number): string {
  return leaseCount === 1 ? '1 lease' : `${leaseCount} leases`;
}

function endedToo(ended: number): string {
  return ended === 0 ? '' : ` (${ended} more had ended already)`;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    throw new Fault(
      'no-lease-file',
      `${file} cannot be read`,
      'name the lease file of the other server',
      error,
    );
  }
}
