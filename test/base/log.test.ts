import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { isSecretName, openLog, withoutSecrets } from '../../src/base/log.ts';

const PLANTED = 'Gehe1m-4711';

function sink() {
  const lines: string[] = [];
  const to = new Writable({
    write: (chunk: unknown, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, to, text: () => lines.join('') };
}

const ring: Record<string, unknown> = { password: PLANTED };
ring['self'] = ring;

test.each<[string, unknown]>([
  ['by key', { password: PLANTED }],
  [
    'by the short names of vendors',
    { sip_pwd: PLANTED, auth_pass: PLANTED, pswd: PLANTED, userPin: PLANTED },
  ],
  ['deep below', { a: { b: { c: [{ d: { sip_password: PLANTED } }] } } }],
  ['in camel case', { adminPassword: PLANTED, apiKey: PLANTED, accessToken: PLANTED }],
  ['with dashes', { headers: { 'Proxy-Authorization': `Digest ${PLANTED}`, 'set-cookie': PLANTED } }],
  ['an object under a secret name', { secret: { text: PLANTED } }],
  ['in a ring', ring],
  ['as credentials of a URL', `see http://admin:${PLANTED}@10.20.0.1/x.cfg`],
  ['as credentials with an @ in them', `ftp://admin:a@${PLANTED}@10.20.0.1/`],
  ['as a name alone', `https://${PLANTED}@pbx.example/`],
  ['in a query', `http://10.20.0.1/x?user=a&password=${PLANTED}&x=1`],
  ['in a setting with a short name', `reg.1.pswd=${PLANTED} sip_pwd: ${PLANTED} auth_pass=${PLANTED}`],
  ['in a form', `api_key="${PLANTED}"`],
  ['in a setting', `account.1.password = x, sip_password=${PLANTED}`],
  ['in JSON', JSON.stringify({ token: PLANTED })],
  ['in a header line', `Authorization: Digest username="a", response="${PLANTED}"`],
  ['as basic credentials', `it sent Basic ${PLANTED}`],
  ['in an error', new Error(`login to ftp://u:${PLANTED}@h failed`)],
  ['in the cause of an error', { err: new Error('x', { cause: new Error(`password=${PLANTED}`) }) }],
  ['in a field of an error', Object.assign(new Error('x'), { token: PLANTED })],
  ['as an argument', `password: ${PLANTED}`],
])('a secret %s reaches neither the log nor the terminal', async (_where, value) => {
  for (const pretty of [false, true]) {
    const { to, text } = sink();
    const log = await openLog({ level: 'debug', pretty, to });
    log.info({ value }, 'told');
    if (typeof value === 'string') log.warn(value);
    else log.warn(value as object, 'told');
    log.error({ value }, 'said %s', typeof value === 'string' ? value : 'nothing');
    expect(text()).toContain('told');
    expect(text()).not.toContain(PLANTED);
  }
  expect(inspect(withoutSecrets(value), { depth: 20 })).not.toContain(PLANTED);
});

test('what is no secret stays as it was', () => {
  const harmless = {
    event: 'fetched',
    url: 'http://10.20.0.1:8080/%7Bmac%7D.cfg',
    to: 'sip:1001@10.20.0.9:5060',
    mail: 'see http://10.20.0.1/ or write to a@b.example',
    bytes: 7,
    none: null,
    list: [1, 'two', true],
    basic: 'basic settings',
  };
  expect(withoutSecrets(harmless)).toEqual(harmless);
});

test.each([
  ['password', true],
  ['SIP_Password', true],
  ['linePasswd', true],
  ['key', true],
  ['privateKey', true],
  ['pass', true],
  ['x-auth-token', true],
  ['sip_pwd', true],
  ['pswd', true],
  ['reg.1.auth.Pswd', true],
  ['auth_pass', true],
  ['authPass', true],
  ['userpass2', true],
  ['user_pin', true],
  ['wifiPsk', true],
  ['aes_key1', true],
  ['spinning', false],
  ['pinned', false],
  ['passive', false],
  ['keys_pressed', false],
  ['bypassed', false],
  ['file', false],
])('the name %s hides its value: %s', (name, hides) => {
  expect(isSecretName(name)).toBe(hides);
});

test('the errors of others keep their code, message and place', async () => {
  const { to, lines } = sink();
  const log = await openLog({ level: 'info', pretty: false, to });
  log.error({ err: Object.assign(new TypeError('no'), { code: 'EPIPE' }) }, 'broken');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'error',
    msg: 'broken',
    err: {
      type: 'TypeError',
      message: 'no',
      code: 'EPIPE',
      stack: expect.stringContaining('log.test') as string,
    },
  });
});

test('a door may have a level of its own, quieter or louder', async () => {
  const { to, lines } = sink();
  const log = await openLog({ level: 'info', pretty: false, doors: { tftp: 'debug', http: 'silent' }, to });
  const door = (name: string) => log.forDoor?.(name) ?? expect.fail('no doors');
  door('tftp').debug({ n: 1 }, 'block');
  door('dhcp').debug('too much');
  door('http').error('nothing');
  door('dhcp').info({ password: PLANTED }, 'lease');
  door('tftp').info({ password: PLANTED }, 'file');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['block', 'lease', 'file']);
  expect(lines.join('')).not.toContain(PLANTED);
  expect([door('tftp').isLevelEnabled('debug'), log.isLevelEnabled('debug')]).toEqual([true, false]);
});

test('a terminal gets sentences, and no JSON', async () => {
  const { to, text } = sink();
  const log = await openLog({ level: 'info', pretty: true, to });
  log.info({ event: 'fetched', bytes: 7 }, 'fetched its file');
  expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: fetched its file\n$/);
});
