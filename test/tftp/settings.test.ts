import { expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { TFTP_DEFAULTS, tftpSetting } from '../../src/site/tftp-door.ts';

test.each([
  { written: undefined, setting: 'on' },
  { written: 'on', setting: 'on' },
  { written: true, setting: 'on' },
  { written: 'off', setting: 'off' },
  { written: false, setting: 'off' },
  { written: {}, setting: TFTP_DEFAULTS },
  { written: { perAddress: 200 }, setting: { ...TFTP_DEFAULTS, perAddress: 200 } },
  {
    written: { ports: '50000-50031', clampToMtu: 'off', blksize: 1024 },
    setting: { ...TFTP_DEFAULTS, ports: { first: 50_000, last: 50_031 }, clampToMtu: false, blksize: 1024 },
  },
  { written: { singlePort: 'on', port: 6969 }, setting: { ...TFTP_DEFAULTS, singlePort: true, port: 6969 } },
])('doors.tftp: $written', ({ written, setting }) => {
  expect(checkShape(tftpSetting, written)).toEqual({ ok: true, value: setting });
});

test.each([
  { written: 'yes', says: 'write on, off, or settings such as { perAddress: 16 }' },
  { written: 69, says: 'write on, off, or settings such as { perAddress: 16 }' },
  { written: { ports: '50031-50000' }, says: '"50031-50000" is not a range of ports (write 50000-50031)' },
  {
    written: { ports: '1-2', singlePort: true },
    says: 'singlePort uses no other ports: take out ports, or singlePort',
  },
  { written: { singelPort: true }, says: 'unknown key "singelPort"' },
])('doors.tftp: $written is a mistake that says what to write', ({ written, says }) => {
  const checked = checkShape(tftpSetting, written);
  expect(checked.ok ? [] : checked.error.map(({ message }) => message)).toEqual([says]);
});
