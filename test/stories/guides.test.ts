// The transfers that the four guides print, said again over the wire to the whole daemon: by TFTP with the options of the
// capture, by FTP with a connection for every file, by HTTP; and what the phone was given.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { fetchByTftp } from '../../src/rehearse/tftp-fetch.ts';
import { decodePacket } from '../../src/tftp/packet.ts';
import { dialData, openClient, portIn } from '../ftp/kit.ts';
import { SERVER, stagingLan } from './staging.ts';

let close: (() => Promise<void>) | undefined;
let folder = '';
afterEach(async () => {
  await close?.();
  await rm(folder, { recursive: true });
});

/** The daemon with all plain doors, and a phone that has its lease and is known. */
async function booted(phone: { readonly mac: string; readonly vendor: string; readonly model: string }) {
  folder = await mkdtemp(join(tmpdir(), 'unboxd-guides-'));
  await writeFile(join(folder, 'unboxd.yaml'), 'doors: { ftp: 21 }\n');
  const lan = await stagingLan({ file: join(folder, 'unboxd.yaml') });
  close = lan.close;
  await lan.plug(phone);
  await lan.world.advance(60_000);
  const own = parseIpv4((await lan.line(phone.mac))?.address ?? '') ?? expect.fail('no address');
  const host = lan.lan.host(() => own);
  return {
    lan,
    /** What came, or nothing; and the options that were acknowledged. */
    tftp: async (name: string, options: Readonly<Record<string, string>>) => {
      const before = lan.lan.wire.length;
      const to = { address: SERVER, port: 69 };
      const fetched = fetchByTftp({ lan: host, world: lan.world, from: own, to, name, options });
      await lan.world.advance(2_000);
      const bytes = await fetched;
      const heard = lan.lan.wire
        .slice(before)
        .filter(({ from }) => from.address === SERVER)
        .flatMap(({ bytes: datagram }) => {
          const packet = decodePacket(datagram);
          return packet.ok ? [packet.value] : [];
        });
      const oack = heard.find((packet) => packet.kind === 'oack');
      const error = heard.find((packet) => packet.kind === 'error');
      return {
        text: bytes && Buffer.from(bytes).toString(),
        acknowledged:
          oack?.kind === 'oack' ? oack.options.map(({ name: one, value }) => `${one}=${value}`) : [],
        error: error?.kind === 'error' ? error.code : undefined,
      };
    },
    http: async (target: string, userAgent: string) => {
      const headers = { 'user-agent': userAgent };
      const from = { address: own, port: 40_000 };
      const answer = await lan.lan.http(
        { address: SERVER, port: 80 },
        { method: 'GET', target, headers, from },
      );
      return {
        status: answer.status,
        type: answer.headers['content-type'],
        text: Buffer.from(answer.body ?? []).toString(),
      };
    },
    ftp: async () => await openClient(lan.world, host, own),
  };
}

test('Yealink by TFTP (guide SfB, example 1): blksize 1432 is acknowledged, each file is one block', async () => {
  const { tftp } = await booted({ mac: '00:15:65:74:b1:6e', vendor: 'yealink', model: 'T46S' });
  for (const name of ['y000000000066.cfg', '00156574b16e.cfg']) {
    const { text, acknowledged } = await tftp(name, { blksize: '1432' });
    expect(text).toMatch(/^#!version:1\.0\.0\.1/);
    expect(acknowledged).toEqual(['blksize=1432']);
  }
});

test('Yealink by FTP (guide SfB, example 2): a connection for every file, and an empty password', async () => {
  const { ftp } = await booted({ mac: '00:15:65:74:b1:6e', vendor: 'yealink', model: 'T46S' });
  for (const name of ['y000000000066.cfg', '00156574b16e.cfg']) {
    const phone = await ftp();
    expect(await phone.ask('USER anonymous')).toMatch(/^(?:.*\r\n)?331 /);
    expect(await phone.ask('PASS ')).toMatch(/^230 /);
    expect(await phone.ask('TYPE I')).toMatch(/^200 /);
    const data = await dialData(phone.world, phone.lan, portIn(await phone.ask('PASV')));
    const size = await phone.ask(`SIZE ${name}`);
    expect(await phone.ask(`RETR ${name}`)).toMatch(/^150 .*\r\n226 /);
    expect(size).toBe(`213 ${data.bytes().length}`);
    expect(data.text()).toMatch(/^#!version:1\.0\.0\.1/);
    await phone.ask('QUIT');
  }
});

test('Yealink by HTTP (guide SfB, example 3): optional files are missing, and that is 404', async () => {
  const { http } = await booted({ mac: '00:15:65:74:b1:6e', vendor: 'yealink', model: 'T46S' });
  const userAgent = 'Yealink SIP-T46S 66.86.0.15 00:15:65:74:b1:6e';
  expect(await http('/y000000000066.cfg', userAgent)).toMatchObject({ status: 200, type: 'text/plain' });
  for (const name of ['ime.txt', 'Russian_ime.txt', '00156574b16e-local.cfg'])
    expect((await http(`/${name}`, userAgent)).status).toBe(404);
});

test('Flyingvoice by option 66 (guide 1.0): asked twice, three names that are not there, the common file', async () => {
  const { tftp } = await booted({ mac: '00:21:f2:22:b0:1d', vendor: 'flyingvoice', model: 'FIP13G' });
  const options = { tsize: '0', blksize: '512', timeout: '5' };
  for (const name of ['0021f222b01d', '0021f222b01d', '0021f222b01d.boot', 'y00000000000.boot'])
    expect(await tftp(name, options)).toMatchObject({ text: undefined, error: 1 });
  const common = await tftp('y000000000000.cfg', options);
  expect(common.text).toContain('server.url = http://10.99.0.1/');
  // Also 512, which it would have had anyway: the phone waits for the OACK.
  expect(common.acknowledged).toEqual([`tsize=${common.text?.length}`, 'blksize=512', 'timeout=5']);
});

test('Fanvil by HTTP: the common file with one zero fewer than specified, then its own', async () => {
  const { http } = await booted({ mac: '0c:38:3e:11:3a:f8', vendor: 'fanvil', model: 'C62' });
  const userAgent = 'Fanvil C62 2.10.2.6887 0c383e113af8';
  const [printed, real] = [
    await http('/f0C006200000.cfg', userAgent),
    await http('/f0C00620000.cfg', userAgent),
  ];
  expect([printed.status, real.status]).toEqual([200, 200]);
  expect(real.text).toBe(printed.text);
  expect((await http('/0c383e113af8.cfg', userAgent)).status).toBe(200);
  expect((await http('/0C383E113AF8.cfg', userAgent)).status).toBe(200);
});

test('Cisco by HTTP: $PSN.xml from the factory, then the rule that it names', async () => {
  const { http } = await booted({ mac: '00:56:2b:04:36:15', vendor: 'cisco', model: 'CP-6841-3PCC' });
  const userAgent = 'Cisco-CP-6841-3PCC/11.0 (00562b043615)';
  const factory = await http('/6841-3PCC.xml', userAgent);
  expect(factory.status).toBe(200);
  expect(factory.text).toContain('http://10.99.0.1/$MA.xml');
  for (const name of ['00562b043615.xml', '00562B043615.xml', 'CP-6841-3PCC.cfg'])
    expect((await http(`/${name}`, userAgent)).status).toBe(200);
});
