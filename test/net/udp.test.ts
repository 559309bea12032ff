// On loopback, with ports of the kernel's choice; the rest of UDP is proven in the lab.
import { afterEach, expect, test } from 'vitest';
import { type Closable, openAll } from '../../src/base/world.ts';
import { openLan } from '../../src/net/lan.ts';
import { realWorld } from '../../src/net/world.ts';

const opened: Closable[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function socket(onDatagram: (text: string) => void = () => undefined) {
  const lan = openLan({ interface: 'lo', world: realWorld(), allowPlain: true });
  const troubles: string[] = [];
  const options = { port: 0, purpose: 'the test', onTrouble: (error: Error) => troubles.push(error.message) };
  const open = await lan.openUdp(options, (bytes) => onDatagram(Buffer.from(bytes).toString()));
  opened.push(open);
  return { open, troubles, at: { address: lan.address, port: open.port } };
}

test('a burst is heard whole, in its order', async () => {
  const texts: string[] = [];
  const { at } = await socket((text) => texts.push(text));
  const { open, troubles } = await socket();
  const sent = Array.from({ length: 100 }, (_, index) => `datagram ${index}`);
  for (const text of sent) open.send(Buffer.from(text), at);
  await expect.poll(() => texts.length).toBe(100);
  expect(texts).toEqual(sent);
  expect(troubles).toEqual([]);
});

test('a datagram that cannot be sent is trouble told, not thrown', async () => {
  const { open, troubles, at } = await socket();
  open.send(new Uint8Array(70_000), at);
  open.send(new Uint8Array(1), { ...at, port: 0 });
  await expect.poll(() => troubles.length).toBe(2);
});

test('what was handed over before the end is sent before the end', async () => {
  const texts: string[] = [];
  const { at } = await socket((text) => texts.push(text));
  const { open, troubles } = await socket();
  open.send(Buffer.from('goodbye'), at);
  await open.close();
  await expect.poll(() => texts).toEqual(['goodbye']);
  expect(troubles).toEqual([]);
});

test('a closed socket sends nothing and may be closed again', async () => {
  const { open, troubles, at } = await socket();
  await open.close();
  await open.close();
  open.send(new Uint8Array(1), at);
  expect(troubles).toEqual([]);
});

test('when one of several cannot be opened, none stays open', async () => {
  const lan = openLan({ interface: 'lo', world: realWorld(), allowPlain: true });
  const first = await lan.openUdp(
    { port: 0, purpose: 'the test', onTrouble: () => undefined },
    () => undefined,
  );
  const again = { port: first.port, purpose: 'the test', onTrouble: () => undefined };
  const both = openAll([
    async () => await Promise.resolve(first),
    async () => await lan.openUdp(again, () => undefined),
  ]);
  await expect(both).rejects.toMatchObject({ code: 'port-taken' });
  const third = await lan.openUdp(again, () => undefined);
  await third.close();
});
