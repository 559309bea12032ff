// Phones that look at the first blocks of a firmware and break off, as some do at every boot: the block that the next
// one gets is of its own file and never of another transfer.
import { expect, test } from 'vitest';
import { subnetOf } from '../../src/base/ipv4.ts';
import type { FileDesk } from '../../src/files/desk.ts';
import type { Peer } from '../../src/net/ports.ts';
import { decodePacket, encodePacket, type TftpPacket } from '../../src/tftp/packet.ts';
import { openTftpServer } from '../../src/tftp/server.ts';
import { fakeLan } from '../fakes/lan.ts';
import { fakeWorld } from '../fakes/world.ts';
import { address, PORT_69, SERVER } from './door.ts';

/** Every block of every file says whose it is. */
function contentOf(name: string): Buffer {
  return Buffer.from(`${name};`.repeat(4000));
}

async function door(singlePort: boolean) {
  const world = fakeWorld();
  const lan = fakeLan(world, subnetOf(SERVER, 24));
  const contents = new Map<string, Buffer>();
  const ended: string[] = [];
  const desk: FileDesk = {
    ask: async ({ name }) => {
      const content = contents.get(name) ?? contentOf(name);
      contents.set(name, content);
      const file = { name, role: 'firmware', content, digest: name, type: 'x' } as const;
      return await Promise.resolve({
        ...{ kind: 'file', ...file },
        ended: ({ complete }) => void ended.push(`${name} ${complete}`),
      });
    },
    upload: async () => await Promise.resolve({ kind: 'refused', because: 'upload-not-allowed' }),
    list: async () => await Promise.resolve([]),
  };
  await openTftpServer({
    ...{ lan: lan.host(() => SERVER), desk, world, tell: () => undefined },
    settings: { singlePort },
  });
  const own = address('10.99.0.50');
  const heard: { packet: TftpPacket; from: Peer }[] = [];
  const options = { port: 0, purpose: 'test', onTrouble: () => undefined };
  const socket = await lan
    .host(() => own)
    .openUdp(options, (datagram, from) => {
      const packet = decodePacket(datagram);
      if (packet.ok) heard.push({ packet: packet.value, from });
    });
  const say = async (packet: TftpPacket, to: Peer = PORT_69): Promise<void> => {
    socket.send(encodePacket(packet), to);
    await world.advance(5);
  };
  /** The next packet, that of this request and no other. */
  const asked = async (filename: string) => {
    heard.length = 0;
    await say({ kind: 'rrq', filename, mode: 'octet', options: [] });
    const first = heard[0] ?? expect.fail('it heard nothing');
    return { ...first, text: first.packet.kind === 'data' ? Buffer.from(first.packet.data).toString() : '' };
  };
  return { world, heard, say, asked, ended };
}

test.each([
  { how: 'with an ERROR', singlePort: false, says: true },
  { how: 'with an ERROR, all through one port', singlePort: true, says: true },
  { how: 'without a word', singlePort: false, says: false },
  { how: 'without a word, all through one port', singlePort: true, says: false },
])('sixty files in turn, each broken off after two blocks $how', async ({ singlePort, says }) => {
  const { heard, say, asked, ended } = await door(singlePort);
  for (let round = 0; round < 60; round += 1) {
    const name = round % 2 === 0 ? 'one.ld' : 'two.cfg';
    const { packet, from, text } = await asked(name);
    expect([packet.kind === 'data' && packet.block, text], `round ${round}`).toEqual([
      1,
      contentOf(name).toString('latin1', 0, 512),
    ]);
    await say({ kind: 'ack', block: 1 }, from);
    const second = heard.at(-1)?.packet;
    expect(second?.kind === 'data' && second.block).toBe(2);
    expect(second?.kind === 'data' && Buffer.from(second.data).toString()).toBe(
      contentOf(name).toString('latin1', 512, 1024),
    );
    if (says) await say({ kind: 'error', code: 0, message: 'it is the one I have' }, from);
  }
  // The last one is still waited for where nothing was said.
  expect(ended).toHaveLength(says ? 60 : 59);
  expect(ended.every((one) => one.endsWith('false'))).toBe(true);
});
