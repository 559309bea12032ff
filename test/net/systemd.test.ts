import { expect, test } from 'vitest';
import { systemdSockets } from '../../src/net/systemd.ts';

test.each([
  { when: 'one socket', env: { LISTEN_FDS: '1', LISTEN_FDNAMES: 'udp-67' }, gives: [['udp-67', 3]] },
  {
    when: 'several, one of them not ours',
    env: { LISTEN_FDS: '3', LISTEN_FDNAMES: 'udp-67:unknown:tcp-80' },
    gives: [
      ['udp-67', 3],
      ['tcp-80', 5],
    ],
  },
  {
    when: 'the same name twice',
    env: { LISTEN_FDS: '2', LISTEN_FDNAMES: 'udp-67:udp-67' },
    gives: [['udp-67', 3]],
  },
  {
    when: 'more names than sockets',
    env: { LISTEN_FDS: '1', LISTEN_FDNAMES: 'udp-67:udp-69' },
    gives: [['udp-67', 3]],
  },
  { when: 'no names', env: { LISTEN_FDS: '1' }, gives: [] },
  { when: 'nonsense', env: { LISTEN_FDS: 'many', LISTEN_FDNAMES: 'udp-67' }, gives: [] },
  {
    when: 'meant for another process',
    env: { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'udp-67' },
    gives: [],
  },
])('descriptors of systemd: $when', ({ env, gives }) => {
  expect([...systemdSockets({ LISTEN_PID: '42', ...env }, 42)]).toEqual(gives);
});

test('without systemd there are none', () => {
  expect(systemdSockets({}, 42).size).toBe(0);
});
