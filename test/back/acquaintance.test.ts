// What the thread of the file doors may answer from memory, and what it must ask.
import { expect, test } from 'vitest';
import { createAcquaintance } from '../../src/back/acquaintance.ts';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import type { Asker, FileAsk } from '../../src/files/desk.ts';
import { createAskerRecogniser } from '../../src/files/recognise.ts';
import { bindAddress, createRegister, meet } from '../../src/phones/register.ts';
import { catalogue } from '../fakes/vendors.ts';
import { fakeWorld } from '../fakes/world.ts';

const address = (text: string) => parseIpv4(text) ?? expect.fail(text);
const mac = (text: string) => parseMac(text) ?? expect.fail(text);
const [A1, A2] = [mac('02ac3e000001'), mac('02ac3e000002')];
const HERE = '10.99.0.50';

function scene() {
  const world = fakeWorld();
  const register = createRegister({ catalogue, list: [] });
  const asked: string[] = [];
  const spoke: FileAsk[] = [];
  const neighbourOf = async () => await Promise.resolve(undefined);
  const main = createAskerRecogniser({ register, neighbourOf, world, tell: () => undefined });
  let heard: Promise<unknown> = Promise.resolve();
  const memory = createAcquaintance({
    catalogue,
    world,
    recognise: async (ask) => {
      asked.push(ask.name);
      // The main thread takes word by word.
      await heard;
      return await main(ask);
    },
    spoke: (asks) => {
      spoke.push(...asks);
      heard = Promise.all(asks.map(main));
    },
  });
  return {
    ...{ world, asked, spoke, memory, register },
    who: async (name: string, more: Partial<FileAsk> = {}): Promise<Asker | undefined> =>
      await memory.recognise({ door: 'tftp', name, from: { address: address(HERE), port: 40_000 }, ...more }),
    lease: (who: typeof A1, at = HERE) => {
      meet(register, {
        mac: who,
        door: 'dhcp',
        clues: [{ kind: 'option-60', text: 'acme A10' }],
        at: world.now(),
      });
      bindAddress(register, who, address(at));
    },
  };
}

test('the holder of a lease is asked about once, whatever files it wants; the main thread hears of it soon', async () => {
  const { who, lease, asked, spoke, world } = scene();
  lease(A1);
  for (const name of ['/02ac3e000001.boot', 'a000010.cfg', '02ac3e000001.cfg', 'logo.png']) {
    expect(await who(name)).toMatchObject({ mac: A1, held: 'here', identity: { model: 'A10' } });
  }
  expect(asked).toEqual(['/02ac3e000001.boot']);
  expect(spoke).toEqual([]);
  await world.advance(500);
  expect(spoke.map(({ name }) => name)).toEqual(['logo.png']);
});

test('a name that teaches something is asked about', async () => {
  const { who, lease, asked } = scene();
  lease(A1);
  await who('02ac3e000001.cfg');
  await who('a000020.cfg');
  expect(asked).toEqual(['02ac3e000001.cfg', 'a000020.cfg']);
});

test('another User-Agent is asked about', async () => {
  const { who, lease, asked } = scene();
  lease(A1);
  await who('x.cfg', { userAgent: 'Acme A10 1.2.3 02ac3e000001' });
  await who('x.cfg', { userAgent: 'Acme A10 1.2.4 02ac3e000001' });
  await who('x.cfg', { userAgent: 'Acme A10 1.2.4 02ac3e000001' });
  expect(asked).toHaveLength(2);
});

test('when the lease goes to another phone, the memory goes with it', async () => {
  const { who, lease, memory } = scene();
  lease(A1);
  expect((await who('x.cfg'))?.mac).toBe(A1);
  lease(A2);
  memory.moved(address(HERE));
  expect((await who('x.cfg'))?.mac).toBe(A2);
});

test('an answer that was on its way when the lease moved is not kept', async () => {
  const { who, lease, memory, asked } = scene();
  lease(A1);
  const early = who('x.cfg');
  memory.moved(address(HERE));
  await early;
  await who('x.cfg');
  expect(asked).toHaveLength(2);
});

test('what is remembered holds for two seconds', async () => {
  const { who, lease, asked, world } = scene();
  lease(A1);
  await who('x.cfg');
  await world.advance(1999);
  await who('x.cfg');
  expect(asked).toHaveLength(1);
  await world.advance(1);
  await who('x.cfg');
  expect(asked).toHaveLength(2);
});

test('without a lease the MAC in the name counts, and a name without one is asked about', async () => {
  const { who, asked } = scene();
  expect((await who('02ac3e000001.cfg'))?.mac).toBe(A1);
  expect((await who('02ac3e000002.cfg'))?.mac).toBe(A2);
  expect((await who('02ac3e000001.cfg'))?.mac).toBe(A1);
  expect(asked).toHaveLength(2);
  // Who spoke last from there, only the main thread knows: it has heard all of it by then.
  expect((await who('a000010.cfg'))?.mac).toBe(A1);
  expect(asked).toHaveLength(3);
});

test('a certificate is always asked about', async () => {
  const { who, lease, asked } = scene();
  lease(A1);
  const proof = { certificate: { subject: 'CN=02ac3e000002', macs: [A2] } };
  await who('x.cfg');
  expect((await who('x.cfg', { proof }))?.mac).toBe(A2);
  expect((await who('x.cfg'))?.mac).toBe(A1);
  expect(asked).toHaveLength(2);
});

test('strangers are asked about each time', async () => {
  const { who, asked } = scene();
  await who('x.cfg');
  await who('x.cfg');
  expect(asked).toHaveLength(2);
});

test('an address that gives itself thousands of names does not fill the memory', async () => {
  const { who, asked } = scene();
  const name = (index: number) => `02ac3e${index.toString(16).padStart(6, '0')}.cfg`;
  for (let index = 0; index < 5000; index += 1) await who(name(index));
  await who(name(0));
  expect(asked).toHaveLength(5000);
  await who(name(5000));
  await who(name(0));
  expect(asked.slice(5000)).toEqual([name(5000), name(0)]);
});

test('by a token nobody is known to those who show none, and another phone’s token is asked about', async () => {
  const { who, lease, asked } = scene();
  const by = (holder: typeof A1) => ({
    proof: { token: { mac: holder, kind: 'lasting', generation: 0 } as const },
  });
  expect(await who('02ac3e000002.cfg', by(A2))).toMatchObject({ mac: A2 });
  expect(await who('logo.png', by(A2))).toMatchObject({ mac: A2 });
  expect(asked).toHaveLength(2);
  lease(A1);
  expect(await who('02ac3e000001.cfg', by(A1))).toMatchObject({ mac: A1, held: 'here' });
  expect(await who('02ac3e000001.cfg', by(A1))).toMatchObject({ mac: A1 });
  expect(asked).toHaveLength(3);
  expect((await who('02ac3e000001.cfg', by(A2)))?.mac).toBe(A2);
  expect((await who('02ac3e000001.cfg'))?.mac).toBe(A1);
  expect(asked).toHaveLength(4);
});
