// doors.ftp as installers write it, and files.firmware*.
import { expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { filesShape } from '../../src/site/files.ts';
import { ftpSetting } from '../../src/site/ftp-door.ts';

const USUAL = { port: 21, anonymous: true, maxSessions: 200, idle: 300_000 };

test.each([
  { written: undefined, read: 'off' },
  { written: 'off', read: 'off' },
  { written: false, read: 'off' },
  { written: 2121, read: { ...USUAL, port: 2121 } },
  { written: {}, read: USUAL },
  {
    written: { passivePorts: '50000-50100', anonymous: false, maxSessions: 10, idle: '1m' },
    read: {
      port: 21,
      passivePorts: { first: 50_000, last: 50_100 },
      anonymous: false,
      maxSessions: 10,
      idle: 60_000,
    },
  },
])('ftp: $written', ({ written, read }) => {
  expect(checkShape(ftpSetting, written)).toEqual({ ok: true, value: read });
});

test.each([
  { written: 'on', says: /write off, a port, or settings such as/ },
  { written: 0, says: /write off, a port, or settings such as/ },
  {
    written: { passivePorts: '50100-50000' },
    says: /"50100-50000" is not a range of ports \(write 50000-50100\)/,
  },
  { written: { user: 'x' }, says: /user/ },
])('ftp: $written is a mistake', ({ written, says }) => {
  const checked = checkShape(ftpSetting, written);
  if (checked.ok) expect.fail();
  expect(checked.error.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n')).toMatch(says);
});

test('firmware: 50 at a time, as fast as it goes, unless something else is written', () => {
  const pace = (written: object) => {
    const checked = checkShape(filesShape, written);
    return checked.ok ? [checked.value.firmwareAtOnce, checked.value.firmwareRate] : 'a mistake';
  };
  expect(pace({})).toEqual([50, 'off']);
  expect(pace({ firmwareAtOnce: 5, firmwareRate: '2 MiB' })).toEqual([5, 2_097_152]);
  expect(pace({ firmwareAtOnce: 0 })).toBe('a mistake');
  expect(pace({ firmwareRate: 100 })).toBe('a mistake');
});
