// Whole sessions with the FTP door on a LAN in memory, in virtual time.
import { expect, test } from 'vitest';
import { dialData, ftpDoor, portIn } from './kit.ts';

const text = (content: string) => ({ content: Buffer.from(content) });
const FILES = {
  'a.cfg': text('one\ntwo\n'),
  'polycom/sip.cfg': text('in a folder'),
  'empty.cfg': text(''),
  'dated.cfg': { ...text('x'), modified: Date.UTC(2025, 4, 6, 7, 8, 9) },
  'sip.ld': { content: Buffer.alloc(4_000_000, 'ld'), role: 'firmware' as const },
};

test('a session as curl makes it, reply by reply', async () => {
  const { client, asks, outcomes } = await ftpDoor(FILES);
  const phone = await client();
  expect(phone.replies()).toBe('220 files for phones');
  expect(await phone.ask('USER anonymous')).toBe('331 now the password');
  expect(await phone.ask('PASS ftp@example.com')).toBe('230 you are in');
  expect(await phone.ask('PWD')).toBe('257 "/" is the folder');
  const extended = await phone.ask('EPSV');
  expect(extended).toMatch(/^229 Entering Extended Passive Mode \(\|\|\|\d+\|\)$/);
  const data = await dialData(phone.world, phone.lan, portIn(extended));
  expect(await phone.ask('TYPE I')).toBe('200 type is I');
  expect(await phone.ask('SIZE a.cfg')).toBe('213 8');
  expect(await phone.ask('RETR a.cfg')).toBe(
    '150 Opening BINARY mode data connection for a.cfg (8 bytes).\r\n226 done',
  );
  expect(data.text()).toBe('one\ntwo\n');
  expect(data.isEnded()).toBe(true);
  expect(await phone.ask('QUIT')).toBe('221 good bye');
  expect(phone.isClosed()).toBe(true);
  expect(asks.map(({ name, look, door, from }) => [name, look, door, from.address])).toEqual([
    ['a.cfg', true, 'ftp', phone.control.near.address],
    ['a.cfg', false, 'ftp', phone.control.near.address],
  ]);
  expect(outcomes).toEqual([{ name: 'a.cfg', complete: true, bytes: 8 }]);
});

test.each(['as sent', 'joined', 1, 3] as const)('commands and data in segments: %s', async (segments) => {
  const { client, lan, written } = await ftpDoor(FILES);
  lan.tcp.segments = segments;
  const phone = await client();
  phone.replies();
  const answer = await phone.say('USER a\r\nPASS b\r\nTYPE I\nSIZE a.cfg\r\nNOOP\r\n');
  expect(answer).toBe('331 now the password\r\n230 you are in\r\n200 type is I\r\n213 8\r\n200 ok');
  const data = await phone.passive();
  await phone.ask('RETR polycom/sip.cfg');
  expect(data.text()).toBe('in a folder');
  const up = await phone.passive('EPSV');
  expect(await phone.ask('STOR 0004f2000001-app.log')).toBe('150 send it');
  void up.stream().send(Buffer.from('some lines\r\n'));
  up.stream().end();
  expect(await phone.say('')).toBe('226 done');
  expect(written.get('0004f2000001-app.log')?.toString()).toBe('some lines\r\n');
});

test('telnet words are taken out, and a split command is one command', async () => {
  const { client } = await ftpDoor(FILES);
  const phone = await client();
  phone.replies();
  // IAC DO x, IAC WILL x, IAC SB x ... IAC SE, then USER with IAC NOP within.
  const noise = [255, 253, 1, 255, 251, 3, 255, 250, 24, 1, 255, 240];
  expect(await phone.say(Uint8Array.from([...noise, ...Buffer.from('US'), 255]))).toBe('');
  expect(await phone.say(Uint8Array.from([241, ...Buffer.from('ER anony')]))).toBe('');
  expect(await phone.say('mous\nPA')).toBe('331 now the password');
  expect(await phone.say('SS x\r')).toBe('');
  expect(await phone.say('\n')).toBe('230 you are in');
});

test('a line that is too long is refused, and the next one is heard', async () => {
  const { client } = await ftpDoor();
  const phone = await client();
  phone.replies();
  expect(await phone.say(`RETR ${'x'.repeat(100_000)}\r\nNOOP\r\n`)).toBe(
    '500 the line is too long\r\n200 ok',
  );
  const flood = await phone.say('NOOP\r\n'.repeat(50));
  expect(flood.split('\r\n')).toEqual(Array.from({ length: 50 }, () => '200 ok'));
});

test.each([
  { way: 'PASV', open: 'passive' },
  { way: 'PORT', open: 'active' },
] as const)('$way: files of all sizes, whole and from REST', async ({ open }) => {
  const { client, outcomes } = await ftpDoor(FILES);
  const phone = await client();
  await phone.signIn();
  await phone.ask('TYPE I');
  const fetched = async (name: string, rest = 0): Promise<Buffer> => {
    const data = await phone[open]();
    if (rest > 0) expect(await phone.ask(`REST ${rest}`)).toBe(`350 the next transfer begins at ${rest}`);
    await phone.ask(`RETR ${name}`);
    await phone.world.advance(2000);
    expect(phone.replies()).toMatch(/^$|226 done$/);
    return data.bytes();
  };
  expect((await fetched('a.cfg')).toString()).toBe('one\ntwo\n');
  expect((await fetched('a.cfg', 4)).toString()).toBe('two\n');
  expect((await fetched('a.cfg', 8)).toString()).toBe('');
  expect((await fetched('empty.cfg')).toString()).toBe('');
  expect((await fetched('sip.ld')).equals(FILES['sip.ld'].content)).toBe(true);
  expect((await fetched('sip.ld', 3_999_999)).toString()).toBe('d');
  expect(outcomes.every(({ complete }) => complete)).toBe(true);
  const data = await phone[open]();
  await phone.ask('REST 9');
  expect(await phone.ask('RETR a.cfg')).toBe('554 the file has 8 bytes');
  expect(data.text()).toBe('');
  // REST is spent by the command that failed.
  expect(await phone.ask('RETR a.cfg')).toContain('(8 bytes)');
});

test('TYPE A turns line ends, and SIZE says so; a firmware is never turned', async () => {
  const { client, written } = await ftpDoor({
    ...FILES,
    'mixed.txt': text('a\nb\r\nc\rd\n\n'),
    'small.ld': { content: Buffer.from('\n\n'), role: 'firmware' },
  });
  const phone = await client();
  await phone.signIn();
  const data = await phone.passive();
  expect(await phone.ask('SIZE mixed.txt')).toBe('213 13');
  expect(await phone.ask('RETR mixed.txt')).toContain('ASCII mode data connection for mixed.txt (13 bytes)');
  expect(data.text()).toBe('a\r\nb\r\nc\rd\r\n\r\n');
  expect(await phone.ask('SIZE small.ld')).toBe('213 2');
  const up = await phone.passive();
  await phone.ask('STOR x.log');
  void up.stream().send(Buffer.from('a\r'));
  await phone.world.advance(5);
  void up.stream().send(Buffer.from('\nb\rc\r'));
  up.stream().end();
  await phone.world.advance(50);
  expect(phone.replies()).toBe('226 done');
  expect(written.get('x.log')?.toString()).toBe('a\nb\rc\r');
});

test('listings in all forms, and of one file', async () => {
  const { client } = await ftpDoor({ 'dated.cfg': FILES['dated.cfg'] });
  const phone = await client();
  await phone.signIn();
  const listed = async (command: string): Promise<string> => {
    const data = await phone.passive();
    expect(await phone.ask(command)).toBe('150 here it comes\r\n226 done');
    return data.text();
  };
  const file = '-rw-r--r--   1 ftp      ftp                 1 May  6  2025 dated.cfg\r\n';
  const folder = 'drwxr-xr-x   1 ftp      ftp                 0 Feb  3  2024 firmware\r\n';
  expect(await listed('LIST')).toBe(file + folder);
  expect(await listed('LIST -la /')).toBe(file + folder);
  expect(await listed('LIST dated.cfg')).toBe(file);
  expect(await listed('NLST')).toBe('dated.cfg\r\nfirmware\r\n');
  expect(await listed('MLSD')).toBe(
    'type=file;size=1;modify=20250506070809; dated.cfg\r\ntype=dir;modify=20240203000000; firmware\r\n',
  );
  await phone.passive();
  expect(await phone.ask('LIST nothing')).toBe('550 there is no such folder');
  expect(await phone.ask('STAT dated.cfg')).toBe(`213-this is there:\r\n ${file}213 that is all`);
});
