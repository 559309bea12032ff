// URLs with two tokens through the whole daemon: what DHCP and PnP hand out, what the phone then asks for, a restart,
// a phone that was reset; and nowhere in what people see a token.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { mintToken, type Token } from '../../src/files/tokens.ts';
import { SERVER, stagingLan } from './staging.ts';

const opened: { close(): Promise<void> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const MAC = '00:15:65:aa:bb:cc';
const OWN = '001565aabbcc.cfg';
const LIST =
  'mac,vendor,model,label,extension,sip_server,sip_user,sip_password\n00:15:65:aa:bb:cc,yealink,T46S,Desk,101,10.0.0.5,101,hush-101\n';

function token(kind: Token['kind'], generation = 0): string {
  return mintToken(Buffer.alloc(32, 7), { mac: parseMac(MAC) ?? expect.fail(), kind, generation });
}

async function staging(settings = 'files: { tokens: on }\n') {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-tokens-'));
  folders.push(folder);
  await writeFile(join(folder, 'unboxd.yaml'), settings);
  await writeFile(join(folder, 'phones.csv'), LIST);
  const lan = await stagingLan({ file: join(folder, 'unboxd.yaml'), phones: join(folder, 'phones.csv') });
  opened.push(lan);
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const address = parseIpv4((await lan.line(MAC))?.address ?? '') ?? expect.fail('no address');
    const request = { method: 'GET', target: `/${path}`, headers, from: { address, port: 40_000 } };
    const answer = await lan.lan.http({ address: SERVER, port: 80 }, request);
    const { status, body = [], headers: fields } = answer;
    return { status, text: Buffer.from(body).toString(), etag: fields['ETag'] ?? fields['etag'] ?? '' };
  };
  return { ...lan, get, lan };
}

test('a phone boots with its first token, and all that people read hides it', async () => {
  const { lan, get } = await staging();
  const phone = await lan.plug({ mac: MAC, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(await lan.line(MAC)).toMatchObject({ stage: 'proven' });
  expect(phone.said.join('\n')).toContain(`/${token('first')}/${OWN}`);
  expect(phone.story()).toContain('was told http://10.99.0.1/(token)/ by PnP');
  expect(phone.story()).toContain('came with its first token over HTTP and was told its lasting URL');
  expect(await lan.appliance.explain(MAC)).toMatchObject({
    url: 'http://10.99.0.1/(token)/',
    access: 'its first token was used; its lasting URL is not confirmed yet',
  });
  const common = await get(`${token('first')}/y000000000066.cfg`);
  expect(common.text).toContain(`server.url = http://10.99.0.1/${token('lasting')}/`);
  const seen = [lan.appliance.story(MAC), lan.appliance.story(undefined), await lan.appliance.explain(MAC)];
  expect(JSON.stringify([...seen, await lan.appliance.phones()])).not.toContain('tok-');
});

test('once it came with the lasting URL it is told no other, also after a restart; a renewal brings a reset phone back', async () => {
  const { lan, get } = await staging();
  const phone = await lan.plug({ mac: MAC, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  const whole = await get(`${token('lasting')}/${OWN}`);
  expect(whole.text).toContain('hush-101');
  expect(await lan.appliance.explain(MAC)).toMatchObject({
    url: undefined,
    access: 'its lasting URL is confirmed, the first token is used up',
    pnp: 'no answer: it has its lasting URL already and shall keep it',
  });
  await lan.restart();
  expect(lan.appliance.tokens?.list()).toMatchObject([{ step: 'confirmed', renewed: 0 }]);
  await phone.phone.close();
  const again = await lan.plug({ mac: MAC, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(again.said.join('\n')).not.toContain('http://');
  expect((await get(`${token('lasting')}/${OWN}`)).text).toBe(whole.text);
  const blank = await get(`${token('first')}/${OWN}`);
  expect(blank.status).toBe(200);
  expect(blank.text).not.toContain('hush-101');
  expect(blank.text).not.toContain('tok-');
  const STALE = {
    stage: 'stale',
    sentence: `has ${OWN} without its passwords: it showed no token that is good`,
    advice: 'If it was reset: unboxd tokens --renew --mac with its MAC, then restart it.',
  };
  expect(await lan.line(MAC)).toMatchObject(STALE);
  // That it has the same still makes it no better, nor does our forgetting.
  const same = await get(`${token('first')}/${OWN}`, { 'if-none-match': blank.etag });
  expect(same.status).toBe(304);
  expect(await lan.line(MAC)).toMatchObject(STALE);
  await lan.restart();
  expect(await lan.line(MAC)).toMatchObject(STALE);

  expect(await lan.appliance.tokens?.renew(MAC)).toMatchObject({ step: 'fresh', renewed: 1 });
  await again.phone.close();
  const reset = await lan.plug({ mac: MAC, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(reset.said.join('\n')).toContain(`/${token('first', 1)}/${OWN}`);
  expect(await lan.line(MAC)).toMatchObject({ stage: 'proven' });
});

test.each([
  { settings: 'files: { tokens: maybe }\n', says: 'write on, off, or' },
  {
    settings: "files: { tokens: on }\nprovisioning: { url: 'http://{server}/x/{token}/' }\n",
    says: 'first part of its path',
  },
  { settings: "provisioning: { url: 'http://{server}/{token}/' }\n", says: 'files.tokens is off' },
])('settings that cannot work are told: $says', async ({ settings, says }) => {
  await expect(staging(settings)).rejects.toThrow(says);
});

test('a place for the token may be named, with a folder behind it', async () => {
  const { lan, get } = await staging(
    "files: { tokens: { without: refuse } }\nprovisioning: { url: 'http://{server}/{token}/T46S_1/' }\n",
  );
  const phone = await lan.plug({ mac: MAC, vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  expect(phone.said.join('\n')).toContain(`http://10.99.0.1/${token('first')}/T46S_1/${OWN}`);
  expect(await get(`T46S_1/${OWN}`)).toMatchObject({ status: 403 });
});
