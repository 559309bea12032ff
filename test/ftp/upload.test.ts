// What phones write over FTP, and the commands that nothing comes of.
import { expect, test } from 'vitest';
import { ftpDoor } from './kit.ts';

const LOG = '0004f2000001-app.log';

async function writer() {
  const door = await ftpDoor({ 'a.cfg': { content: Buffer.from('one\n') } });
  const phone = await door.client();
  await phone.signIn();
  await phone.ask('TYPE I');
  const put = async (command: string, ...chunks: readonly string[]): Promise<string> => {
    const data = await phone.passive();
    const first = await phone.ask(command);
    for (const chunk of chunks) {
      void data.stream().send(Buffer.from(chunk));
      await door.world.advance(5);
    }
    data.stream().end();
    await door.world.advance(20);
    return [first, phone.replies()].filter((text) => text !== '').join('\r\n');
  };
  return { ...door, phone, put };
}

test('STOR writes, APPE goes on, and what is written is seen whole', async () => {
  const { put, written, asks } = await writer();
  expect(await put(`STOR ${LOG}`, 'one ', 'two ')).toBe('150 send it\r\n226 done');
  expect(await put(`APPE /logs/../${LOG}`, 'three')).toBe('150 send it\r\n226 done');
  expect(written.get(LOG)?.toString()).toBe('one two three');
  expect(await put(`STOR ${LOG}`)).toBe('150 send it\r\n226 done');
  expect(written.get(LOG)?.toString()).toBe('');
  expect(asks.map(({ what, name }) => [what, name])).toEqual([
    ['upload', LOG],
    ['upload', LOG],
    ['upload', LOG],
  ]);
});

test('bytes that come before they were asked for are not lost', async () => {
  const { phone, written, world } = await writer();
  const data = await phone.passive();
  void data.stream().send(Buffer.from('early'));
  data.stream().end();
  await world.advance(1000);
  expect(await phone.ask(`STOR ${LOG}`)).toBe('150 send it\r\n226 done');
  expect(written.get(LOG)?.toString()).toBe('early');
});

test.each([
  { command: 'STOR a.cfg', chunk: '', answer: '550 phones of its make write no file of that name' },
  { command: `STOR ${LOG}`, chunk: 'x'.repeat(1_000_001), answer: '150 send it\r\n552 at most 1 MB' },
  { command: 'STOR', chunk: '', answer: '501 STOR needs a name' },
])('$command is refused', async ({ command, chunk, answer }) => {
  const { put, written, phone } = await writer();
  expect(await put(command, ...(chunk === '' ? [] : [chunk]))).toBe(answer);
  expect(written.size).toBe(0);
  expect(await phone.ask('NOOP')).toBe('200 ok');
});

test('too large is told by ALLO, before any byte', async () => {
  const { phone, put } = await writer();
  expect(await phone.ask('ALLO 5000000')).toBe('200 ok');
  expect(await put(`STOR ${LOG}`)).toBe('552 at most 1 MB');
});

test('REST is not for writing', async () => {
  const { phone } = await writer();
  await phone.passive();
  await phone.ask('REST 100');
  expect(await phone.ask(`STOR ${LOG}`)).toBe('554 writing begins at 0; to go on with a file, use APPE');
});

test('a phone that goes away while it writes leaves nothing', async () => {
  const { phone, world, written, abandoned } = await writer();
  const data = await phone.passive();
  await phone.ask(`STOR ${LOG}`);
  void data.stream().send(Buffer.from('half'));
  await world.advance(5);
  expect(await phone.ask('ABOR')).toBe('426 the transfer was taken back\r\n226 ok');
  expect(abandoned).toEqual(['the phone took it back (ABOR)']);
  await phone.passive();
  await phone.ask(`STOR ${LOG}`);
  await world.advance(121_000);
  expect(phone.replies()).toBe('426 nothing moved for too long');
  expect(abandoned[1]).toBe('nothing moved for two minutes');
  expect(written.size).toBe(0);
});

test.each([
  ['NOOP', '200 ok'],
  ['SYST', '215 UNIX Type: L8'],
  ['TYPE L 8', '200 type is L 8'],
  ['TYPE E', '504 TYPE A and TYPE I are served'],
  ['MODE S', '200 mode is S'],
  ['MODE B', '504 MODE S is served'],
  ['STRU F', '200 structure is F'],
  ['STRU R', '504 STRU F is served'],
  ['OPTS UTF8 ON', '200 names are UTF-8'],
  ['OPTS x', '501 no such option'],
  ['AUTH TLS', '502 AUTH is not served'],
  ['SITE CHMOD 777 x', '502 SITE is not served'],
  ['DELE a.cfg', '550 files here are changed by the installer only'],
  ['RNFR a.cfg', '550 files here are changed by the installer only'],
  ['ACCT x', '202 not needed here'],
  ['constructor', '500 no such command; HELP names those there are'],
  ['', '500 no such command; HELP names those there are'],
  ['\x01\x02', '500 no such command; HELP names those there are'],
  ['CWD a/b', '250 "/a/b" is the folder'],
  ['XCWD ../../..', '250 "/" is the folder'],
  ['CDUP', '250 "/" is the folder'],
  ['XPWD', '257 "/" is the folder'],
  ['CWD say "hi"', '250 "/say ""hi""" is the folder'],
  ['MDTM a.cfg', '550 it has no date: it is made when it is asked for'],
  ['SIZE nothing', '550 there is no such file'],
  ['SIZE ../../etc/passwd', '550 the name is not allowed'],
  ['REST x', '501 REST needs a number of bytes'],
  [
    'STAT',
    '211-files for phones\r\n signed in as anonymous\r\n type I, mode S, structure F\r\n211 that is all',
  ],
  ['MLST a.cfg', '250-this is it:\r\n type=file;size=4; /a.cfg\r\n250 that is all'],
])('%s gets %s', async (command, answer) => {
  const { phone } = await writer();
  expect(await phone.ask(command)).toBe(answer);
});

test('a name cannot put a reply of its own into the answer', async () => {
  const { phone } = await writer();
  expect(await phone.say('CWD x\r200 y\x07\r\n')).toBe('250 "/x?200 y?" is the folder');
});
