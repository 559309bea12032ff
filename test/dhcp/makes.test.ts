// The options of the makes that come by DHCP, from their vendor files to exact bytes, and read as such a phone does.
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { encodeValue } from '../../src/dhcp/values.ts';
import { urlIn } from '../../src/rehearse/dhcp-talk.ts';
import { vendor } from '../phones/kit.ts';

const FILLINGS = { url: 'http://10.20.0.1:8080/staging/', server: '10.20.0.1', mac: '00085d1610de' };

const text = (words: string): string => Buffer.from(words, 'latin1').toString('hex');
const sub = (code: number, words: string): string =>
  Buffer.concat([Uint8Array.of(code, words.length), Buffer.from(words)]).toString('hex');

/** What the vendor file sends in an option. */
function bytesOf(id: string, code: number): Uint8Array {
  const value = vendor(id).dhcp.options[String(code)] ?? expect.fail(`${id} sets no option ${code}`);
  return encodeValue(code, value, FILLINGS) ?? expect.fail(`option ${code} is not filled`);
}

describe('bytes', () => {
  test.each([
    // RFC 2132 section 8.4: sub-options without an end mark.
    { id: 'mitel', code: 43, bytes: `${sub(2, FILLINGS.url)}030100` },
    {
      id: 'avaya',
      code: 43,
      bytes: sub(1, '6889') + sub(2, '10.20.0.1') + sub(3, '/staging') + sub(4, '8080'),
    },
    { id: 'avaya', code: 242, bytes: text('HTTPSRVR=10.20.0.1,HTTPPORT=8080,HTTPDIR=/staging') },
    { id: 'avaya', code: 66, bytes: text('10.20.0.1') },
    { id: 'audiocodes', code: 160, bytes: text(`${FILLINGS.url};<MAC>.cfg`) },
    { id: 'audiocodes', code: 43, bytes: text(FILLINGS.url) },
    { id: 'panasonic', code: 159, bytes: text(FILLINGS.url) },
    { id: 'vtech', code: 159, bytes: text(FILLINGS.url) },
    { id: 'spa', code: 66, bytes: text(`${FILLINGS.url}spa$PSN.cfg`) },
    { id: 'spa', code: 150, bytes: '0a140001' },
  ])('$id: option $code', ({ id, code, bytes }) => {
    expect(toHex(bytesOf(id, code))).toBe(bytes);
  });
});

describe('a phone of the make finds the URL in them', () => {
  test.each([
    { id: 'mitel', code: 43, url: FILLINGS.url },
    { id: 'avaya', code: 43, url: FILLINGS.url },
    { id: 'avaya', code: 242, url: FILLINGS.url },
    { id: 'audiocodes', code: 160, url: FILLINGS.url },
    { id: 'spa', code: 66, url: `${FILLINGS.url}spa$PSN.cfg` },
  ])('$id: option $code', ({ id, code, url }) => {
    const { dhcp, speaks } = vendor(id);
    expect(urlIn(new Map([[code, bytesOf(id, code)]]), dhcp.obeys, speaks.reads)).toBe(url);
  });

  test.each([
    { what: 'no 6889 in front', id: 'avaya', code: 43, bytes: sub(2, '10.20.0.1') },
    { what: 'a URL that stands alone', id: 'mitel', code: 43, bytes: text(FILLINGS.url) },
    { what: 'VLANs only', id: 'avaya', code: 242, bytes: text('L2Q=1,L2QVLAN=20') },
  ])('and none in $what', ({ id, code, bytes }) => {
    const { dhcp, speaks } = vendor(id);
    const options = new Map([[code, Uint8Array.from(Buffer.from(bytes, 'hex'))]]);
    expect(urlIn(options, dhcp.obeys, speaks.reads)).toBeUndefined();
  });

  test('an Avaya at the root of the server', () => {
    const { dhcp, speaks } = vendor('avaya');
    for (const code of [43, 242]) {
      const value = dhcp.options[String(code)] ?? expect.fail();
      const bytes = encodeValue(code, value, { ...FILLINGS, url: 'http://10.20.0.1/' }) ?? expect.fail();
      expect(urlIn(new Map([[code, bytes]]), dhcp.obeys, speaks.reads)).toBe('http://10.20.0.1:80/');
    }
  });

  test('a Mitel prefers option 43 to 66, and takes 66 when 43 tells it nothing', () => {
    const { dhcp, speaks } = vendor('mitel');
    const other = Buffer.from('http://10.20.0.9/');
    const both = new Map<number, Uint8Array>([
      [43, bytesOf('mitel', 43)],
      [66, other],
    ]);
    expect(urlIn(both, dhcp.obeys, speaks.reads)).toBe(FILLINGS.url);
    both.set(43, Uint8Array.of(9, 0));
    expect(urlIn(both, dhcp.obeys, speaks.reads)).toBe('http://10.20.0.9/');
  });
});
