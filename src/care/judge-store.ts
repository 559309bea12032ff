// State folder, permissions and certificates, judged.
import { showBytes } from '../base/units.ts';
import type { Finding } from './judge.ts';
import type { CertificateFile, FileFacts, FolderFacts, MachineFacts, Survey } from './survey.ts';

const MEGABYTE = 1_000_000;
/** A journal of a fleet, its snapshot and some uploads fit in this. */
const LITTLE_ROOM = 200 * MEGABYTE;
const NO_ROOM = 10 * MEGABYTE;
/** ms. Every address waits for one flush, many share it: phones are patient for seconds. */
const SLOW_FLUSH = 50;
const HOPELESS_FLUSH = 1000;
const DAY = 86_400_000;
const SOON = 30 * DAY;

export function judgeStore(survey: Survey): readonly Finding[] {
  const { state, machine, files, certificates } = survey;
  return [
    ...judgeFolder(state, machine),
    ...files.flatMap((file) => judgeFile(file, machine)),
    ...certificates.map((certificate) => judgeCertificate(certificate, machine.clock.now)),
  ];
}

function judgeFolder(folder: FolderFacts, { user, unit }: MachineFacts): readonly Finding[] {
  const { path, exists, isWritable } = folder;
  const topic = 'state';
  if (!isWritable) {
    // The commands of an installer run as somebody else than the daemon.
    if (unit !== undefined && folder.owner !== undefined && folder.owner !== user) {
      const sentence = `${path} belongs to ${folder.owner}; ${user} may not look into it`;
      return [{ topic, state: 'warn', sentence, mend: 'sudo unboxd doctor' }];
    }
    const sentence = `${user} may not write ${path}: no lease could be kept, and so none is given`;
    return [
      {
        topic,
        state: 'bad',
        sentence,
        mend: `chown -R ${user} ${path}, or name another folder with --state`,
      },
    ];
  }
  if (!exists) return [{ topic, state: 'ok', sentence: `${path} will be made at the first start` }];
  return [judgeRoom(folder), ...judgeKind(folder), ...judgeFlush(folder)];
}

function judgeRoom({ path, free = Number.POSITIVE_INFINITY, freeFiles }: FolderFacts): Finding {
  const topic = 'disk';
  const mend = `see what takes it: du -xh --max-depth=2 / | sort -h | tail; journalctl --vacuum-size=100M`;
  if (freeFiles !== undefined && freeFiles < 100) {
    const sentence = `only ${freeFiles} more files can be made where ${path} is`;
    return {
      topic,
      state: freeFiles < 10 ? 'bad' : 'warn',
      sentence,
      mend: `see where they are: du --inodes -x / | sort -n | tail`,
    };
  }
  if (free < NO_ROOM)
    return { topic, state: 'bad', sentence: `only ${showBytes(free)} are free for ${path}`, mend };
  if (free < LITTLE_ROOM)
    return { topic, state: 'warn', sentence: `${showBytes(free)} are free for ${path}`, mend };
  return { topic, state: 'ok', sentence: `${showBytes(free)} are free for ${path}` };
}

function judgeKind({ path, kind }: FolderFacts): readonly Finding[] {
  if (kind !== 'tmpfs' && kind !== 'overlay') return [];
  const sentence = `${path} lies on a ${kind}: leases and proofs are gone when the power goes`;
  return [
    {
      topic: 'disk',
      state: 'warn',
      sentence,
      mend: 'put it on a disk: state: /path/on/a/disk in unboxd.yaml',
    },
  ];
}

function judgeFlush({ path, flush }: FolderFacts): readonly Finding[] {
  if (flush === undefined) return [];
  const topic = 'disk';
  const shown = flush < 10 ? flush.toFixed(1) : String(Math.round(flush));
  const sentence = `a small write to ${path} takes ${shown} ms to be on the disk`;
  if (flush < SLOW_FLUSH) return [{ topic, state: 'ok', sentence }];
  const mend = 'a worn or slow SD card: use another one, or a USB disk for the state folder';
  return [
    {
      topic,
      state: flush < HOPELESS_FLUSH ? 'warn' : 'bad',
      sentence: `${sentence}; every address waits for that`,
      mend,
    },
  ];
}

function judgeFile(file: FileFacts, machine: MachineFacts): readonly Finding[] {
  const { path, what, role, mode } = file;
  const topic = 'permissions';
  switch (role) {
    case 'settings':
      return judgeSettings(file, machine);
    case 'socket':
      if ((mode & 0o007) === 0) return [];
      return [
        {
          topic,
          state: 'warn',
          sentence: `everybody on this machine may command the daemon by ${path}`,
          mend: `chmod 660 ${path}`,
        },
      ];
    case 'key':
      if ((mode & 0o077) === 0)
        return [{ topic, state: 'ok', sentence: `${what} ${path} is for its owner only` }];
      return [
        {
          topic,
          state: 'bad',
          sentence: `${what} ${path} may be read by others`,
          mend: `chmod 600 ${path}; if it may have been read: unboxd cert init --force`,
        },
      ];
    case 'secret':
      if ((mode & 0o004) === 0) return [];
      return [
        {
          topic,
          state: 'warn',
          sentence: `everybody on this machine may read ${what} ${path}, and passwords stand in it`,
          mend: `chmod o-r ${path}`,
        },
      ];
  }
}

/** Both must be able to read them: who starts commands, and the user of the unit. */
function judgeSettings(
  { path, what, mode, owner, group, isReadable }: FileFacts,
  { user, unit }: MachineFacts,
): readonly Finding[] {
  const topic = 'permissions';
  const isForAll = (mode & 0o004) !== 0;
  const runner = unit?.user ?? user;
  const byUnit =
    runner === 'root' || isForAll || owner === runner || (group === runner && (mode & 0o040) !== 0);
  if (isReadable && byUnit) return [];
  const sentence = `${byUnit ? user : runner} may not read ${what} ${path}`;
  return [{ topic, state: 'bad', sentence, mend: `chgrp ${runner} ${path} && chmod g+r ${path}` }];
}

function judgeCertificate(
  { path, what, notBefore, notAfter, renews }: CertificateFile,
  now: number,
): Finding {
  const topic = 'certificates';
  const until = new Date(notAfter).toISOString().slice(0, 10);
  const mend = renews
    ? 'sudo unboxd reload: it is made anew then, as at each start'
    : 'unboxd cert --help says how to make or install another';
  if (notAfter <= now)
    return { topic, state: 'bad', sentence: `${what} ${path} ran out on ${until}: phones refuse it`, mend };
  if (notBefore > now) {
    const from = new Date(notBefore).toISOString().slice(0, 10);
    return {
      topic,
      state: 'bad',
      sentence: `${what} ${path} is not valid before ${from}`,
      mend: 'see the clock',
    };
  }
  if (notAfter - now < SOON)
    return { topic, state: 'warn', sentence: `${what} ${path} runs out on ${until}`, mend };
  return { topic, state: 'ok', sentence: `${what} is valid until ${until}` };
}
