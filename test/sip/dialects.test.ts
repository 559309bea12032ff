// Each dialect as it comes and as it is answered, byte by byte: the snapshot is the book of what phones get from us.
// Change it only with a phone, or its printed trace, at hand.
import { describe, expect, test } from 'vitest';
import { bindAddress, meet } from '../../src/phones/register.ts';
import { DIALECTS, onWire } from './dialects.ts';
import { ip, macOf, openStage } from './stage.ts';

/** Where the phone says it is; that is where its datagram comes from. */
function sourceOf(text: string): { readonly address: string; readonly port: string } {
  const [, address = '', port = '5060'] = /^(?:Via|v): SIP\/2\.0\/UDP ([\d.]+)(?::(\d+))?/m.exec(text) ?? [];
  return { address, port };
}

async function answersTo(bytes: Uint8Array, { address, port }: ReturnType<typeof sourceOf>) {
  const stage = await openStage();
  // The one that does not name itself is known by its lease.
  const lease = macOf('00908f123456');
  meet(stage.register, { mac: lease, door: 'dhcp', clues: [], at: 0 });
  bindAddress(stage.register, lease, ip(address));
  stage.deliver(bytes, `${address}:${port}`);
  expect(stage.sent.every(({ to }) => to === `${address}:${port}`)).toBe(true);
  return stage.sent.map(({ text }) => text);
}

describe('the 200 and the NOTIFY', () => {
  test.each(DIALECTS)('$phone', async ({ text }) => {
    const answers = await answersTo(onWire(text), sourceOf(text));
    expect(answers).toHaveLength(2);
    expect(answers.join('').replaceAll('\r\n', '\n')).toMatchSnapshot();
    expect(
      answers
        .join('')
        .split('\n')
        .every((line) => line.endsWith('\r') || line === 'http://10.1.0.1/'),
    ).toBe(true);
  });
});

describe('the same is answered to the same, written otherwise', () => {
  test.each(DIALECTS)('$phone', async ({ text }) => {
    const source = sourceOf(text);
    const usual = await answersTo(onWire(text), source);
    const ways = {
      'line ends of LF alone': Buffer.from(text, 'latin1'),
      'line ends before it': Buffer.concat([Buffer.from('\r\n\r\n'), onWire(text)]),
      'headers folded': onWire(text.replaceAll(/^([A-Z][\w-]*):\s*/gm, '$1:\n ')),
      'names in capitals': onWire(text.replaceAll(/^[\w-]+(?=:)/gm, (name) => name.toUpperCase())),
      'compact names': onWire(
        text
          .replace(/^Via:/m, 'v:')
          .replace(/^From:/m, 'f:')
          .replace(/^To:/m, 't:')
          .replace(/^Call-ID:/m, 'i:')
          .replace(/^Contact:/m, 'm:')
          .replace(/^Event:/m, 'o:')
          .replace(/^Content-Length:/m, 'l:'),
      ),
    };
    for (const [way, bytes] of Object.entries(ways))
      expect(await answersTo(bytes, source), way).toEqual(usual);
  });
});
