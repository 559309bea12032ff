// What the FTP door refuses and bounds, on a LAN in memory and in virtual time.
import { expect, test } from 'vitest';
import type { Account } from '../../src/site/accounts.ts';
import { at, type Client, dialData, ftpDoor, PHONE, portIn } from './kit.ts';

const OTHER = at('10.99.0.66');
const FILES = {
  'a.cfg': { content: Buffer.from('one\n') },
  'sip.ld': { content: Buffer.alloc(4_000_000, 'ld'), role: 'firmware' as const },
  'slow.ld': { content: Buffer.alloc(1_000_000, 'ld'), role: 'firmware' as const, pace: 100_000 },
};
const ACCOUNTS: readonly Account[] = [
  { folder: 'polycom', user: 'PlcmSpIp', password: 'right', methods: ['digest', 'basic'] },
  { folder: 'other', user: 'PlcmSpIp', password: 'another', methods: ['digest', 'basic'] },
];

async function inside(door: Awaited<ReturnType<typeof ftpDoor>>, address = PHONE): Promise<Client> {
  const phone = await door.client(address);
  await phone.signIn();
  await phone.ask('TYPE I');
  return phone;
}

test.each([
  { command: 'PORT 10,99,0,66,4,1', answer: '504 data goes to your own address only', isTold: true },
  { command: 'EPRT |1|10.99.0.66|2000|', answer: '504 data goes to your own address only', isTold: true },
  { command: 'PORT 10,99,0,1,4,1', answer: '504 data goes to your own address only', isTold: true },
  { command: 'PORT 10,99,0,50,0,25', answer: '504 data goes to ports from 1024 on', isTold: false },
  { command: 'PORT 10,99,0,50,4', answer: '501 PORT is not written like that', isTold: false },
  { command: 'PORT 10,99,0,256,4,1', answer: '501 PORT is not written like that', isTold: false },
  { command: 'EPRT |2|::1|2000|', answer: '522 only IPv4 is served (1)', isTold: false },
  { command: 'EPRT |1|10.99.0.50|99999|', answer: '501 EPRT is not written like that', isTold: false },
  { command: 'EPSV 2', answer: '522 only IPv4 is served (1)', isTold: false },
])('$command gets $answer, and no connection is made', async ({ command, answer, isTold }) => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  expect(await phone.ask(command)).toBe(answer);
  expect(await phone.ask('RETR a.cfg')).toBe('425 PASV, EPSV, PORT or EPRT comes first');
  expect(door.events.map(({ kind }) => kind)).toEqual(isTold ? ['no-answer-given'] : []);
  if (isTold) expect(door.events[0]).toMatchObject({ door: 'ftp', because: 'data-elsewhere' });
});

test('a data connection from another host gets nothing, and the phone still gets its file', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  const port = portIn(await phone.ask('PASV'));
  const stranger = await door.client(OTHER);
  const stolen = await dialData(door.world, stranger.lan, port);
  await door.world.advance(5);
  expect([stolen.isEnded(), stolen.text()]).toEqual([true, '']);
  expect(door.events[0]).toMatchObject({
    because: 'data-elsewhere',
    detail: '10.99.0.66 connected to its data port',
  });
  const data = await dialData(door.world, phone.lan, port);
  expect(await phone.ask('RETR a.cfg')).toContain('226 done');
  expect(data.text()).toBe('one\n');
});

test('after EPSV ALL nothing else opens data connections', async () => {
  const phone = await inside(await ftpDoor(FILES));
  expect(await phone.ask('EPSV ALL')).toBe('200 only EPSV from now on');
  for (const command of ['PASV', 'PORT 10,99,0,50,9,9', 'EPRT |1|10.99.0.50|2000|'])
    expect(await phone.ask(command)).toBe('503 EPSV ALL was said');
  expect(await phone.ask('EPSV')).toMatch(/^229 /);
});

test('passive ports: only those of the range; when all are taken, 425, and later they are free again', async () => {
  const door = await ftpDoor(FILES, { passivePorts: { first: 50_000, last: 50_001 } });
  const phones = [await inside(door), await inside(door, OTHER), await inside(door, at('10.99.0.67'))];
  const answers = [];
  for (const phone of phones) answers.push(await phone.ask('PASV'));
  expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['227', '227', '425']);
  expect(answers[0]).toBe('227 Entering Passive Mode (10,99,0,1,195,80).');
  expect(answers[2]).toBe('425 no port is free for a data connection');
  await phones[0]?.ask('QUIT');
  expect(await phones[2]?.ask('PASV')).toMatch(/^227 /);
  // Who asks again gives back the port it had.
  for (let round = 0; round < 5; round += 1) expect(await phones[2]?.ask('EPSV')).toMatch(/^229 /);
});

test('a name is the same as at every door; an account opens no folder by the password of another', async () => {
  const door = await ftpDoor(FILES, { accounts: ACCOUNTS, anonymous: false });
  const phone = await door.client();
  phone.replies();
  expect(await phone.ask('RETR a.cfg')).toBe('530 sign in first, with USER and PASS');
  await phone.signIn('PlcmSpIp', 'right');
  expect(await phone.ask('PWD')).toBe('257 "/" is the folder');
  for (const name of ['polycom/sip.cfg', '/other/sip.cfg', '/polycom/../other/sip.cfg', '/a.cfg']) {
    await phone.passive();
    await phone.ask(`RETR ${name}`);
  }
  expect(door.asks.map(({ name, proof }) => [name, proof?.account])).toEqual([
    ['polycom/sip.cfg', 'PlcmSpIp'],
    ['other/sip.cfg', undefined],
    ['other/sip.cfg', undefined],
    ['a.cfg', undefined],
  ]);
});

test('guessing passwords is slow, for all connections of an address together, and never shown', async () => {
  const door = await ftpDoor(FILES, { accounts: ACCOUNTS });
  const phone = await door.client();
  phone.replies();
  const seconds: number[] = [];
  const guess = async (client: Client, password: string): Promise<string> => {
    await client.ask('USER PlcmSpIp');
    const began = door.world.now();
    let answer = await client.ask(`PASS ${password}`);
    while (answer === '') answer = await client.say('');
    seconds.push(Math.round((door.world.now() - began) / 1000));
    return answer;
  };
  expect(await guess(phone, 'secret-1')).toBe('530 user name or password is wrong');
  expect(await guess(phone, 'secret-2')).toBe('530 user name or password is wrong');
  expect(await guess(phone, 'secret-3')).toContain('421 wrong too often: good bye');
  const again = await door.client();
  again.replies();
  expect(await guess(again, 'secret-4')).toBe('530 user name or password is wrong');
  // The right one waits as long: else whoever does not wait would know.
  expect(await guess(again, 'right')).toBe('230 you are in');
  expect(seconds).toEqual([0, 1, 2, 4, 8]);
  const other = await door.client(OTHER);
  await other.signIn('PlcmSpIp', 'right');
  expect(door.events).toHaveLength(4);
  expect(JSON.stringify(door.events)).not.toMatch(/secret|PlcmSpIp/);
  expect(door.events[0]).toMatchObject({ kind: 'no-answer-given', door: 'ftp', because: 'wrong-password' });
});

test('a phone that closes a firmware early has it already; one that is cut off has not', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  const early = await phone.passive();
  early.stream().hold();
  await phone.ask('RETR sip.ld');
  early.stream().destroy();
  expect(await phone.say('')).toBe('426 the data connection was closed before the end');
  expect(door.outcomes[0]).toMatchObject({ name: 'sip.ld', complete: false, unchanged: true });
  expect(await phone.ask('NOOP')).toBe('200 ok');

  const cut = await phone.passive();
  await phone.ask('RETR slow.ld');
  await door.world.advance(6000);
  expect(await phone.ask('STAT')).toBe('213 a transfer is under way');
  cut.stream().destroy();
  await door.world.advance(200);
  expect(door.outcomes[1]).toMatchObject({ complete: false, why: 'the phone closed the data connection' });
  expect(door.outcomes[1]?.unchanged).toBeUndefined();
});

test('a paced file takes its time, and tells how far it is', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  const data = await phone.passive();
  await phone.ask('RETR slow.ld');
  await door.world.advance(5000);
  expect(data.bytes().length).toBeGreaterThan(480_000);
  expect(data.bytes().length).toBeLessThan(520_000);
  await door.world.advance(5200);
  expect(phone.replies()).toBe('226 done');
  expect(door.progress.at(-1)).toBe(1_000_000);
  expect(door.progress.length).toBeGreaterThan(90);
});

test('a client that says good bye in the middle gets the rest of its file first', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  const data = await phone.passive();
  await phone.say('RETR slow.ld\r\nQUIT\r\n');
  phone.control.end();
  await door.world.advance(11_000);
  expect(data.bytes().length).toBe(1_000_000);
  expect(phone.replies()).toBe('226 done\r\n221 good bye');
  expect(door.outcomes).toMatchObject([{ complete: true }]);
});

test('ABOR ends a transfer with 426 and 226, and the session goes on', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  expect(await phone.ask('ABOR')).toBe('226 nothing was under way');
  await phone.passive();
  await phone.ask('RETR slow.ld');
  const interrupt = Uint8Array.from([255, 244, 255, 242, ...Buffer.from('ABOR\r\n')]);
  expect(await phone.say(interrupt)).toBe('426 the transfer was taken back\r\n226 ok');
  await door.world.advance(200);
  expect(door.outcomes[0]).toMatchObject({ complete: false, why: 'the phone took it back (ABOR)' });
  await phone.passive();
  expect(await phone.ask('RETR a.cfg')).toContain('226 done');
});

test('nobody connects, or nothing moves: the transfer ends, the session does not', async () => {
  const door = await ftpDoor(FILES);
  const phone = await inside(door);
  await phone.ask('PASV');
  expect(await phone.ask('RETR a.cfg')).toMatch(/^150 /);
  await door.world.advance(30_000);
  expect(phone.replies()).toBe('425 no data connection came about: nobody connected in time');
  const data = await phone.passive();
  data.stream().hold();
  await phone.ask('RETR sip.ld');
  await door.world.advance(120_000);
  expect(phone.replies()).toBe('426 nothing moved for too long');
  expect(door.outcomes.map(({ complete, why }) => [complete, why])).toEqual([
    [false, 'no data connection came about: nobody connected in time'],
    [false, 'nothing moved for two minutes'],
  ]);
});

test('sessions that ask nothing are closed, and make room before that', async () => {
  const door = await ftpDoor(FILES, { maxSessions: 20, idle: 120_000 });
  const crowd: Client[] = [];
  for (let index = 0; index < 20; index += 1)
    crowd.push(await inside(door, at(`10.99.0.${100 + (index >> 2)}`)));
  const late = await door.client();
  expect(late.replies()).toBe('421 too many connections: come again later');
  expect(late.isClosed()).toBe(true);
  await door.world.advance(20_000);
  const next = await inside(door);
  expect(crowd[0]?.replies()).toBe('421 another client needs the place: good bye');
  expect(crowd.filter((one) => one.isClosed())).toHaveLength(1);
  await door.world.advance(101_000);
  expect(crowd.at(-1)?.replies()).toBe('421 nothing was asked for too long: good bye');
  expect(await next.ask('NOOP')).toBe('200 ok');
});

test('one address has 16 connections at most; who does not sign in is sent away after a minute', async () => {
  const door = await ftpDoor();
  const crowd: Client[] = [];
  for (let index = 0; index < 16; index += 1) crowd.push(await door.client());
  const more = await door.client();
  expect(more.replies()).toBe('421 too many connections of yours: come again later');
  expect(door.events).toMatchObject([{ kind: 'no-answer-given', door: 'ftp', because: 'too-busy' }]);
  await door.world.advance(61_000);
  expect(crowd.every((one) => one.isClosed())).toBe(true);
  expect(crowd[0]?.replies()).toMatch(/421 nobody signed in: good bye$/);
  const outside = await door.client(at('192.168.7.7'));
  expect(outside.replies()).toBe('421 this address is not served: come again later');
});
