import { expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { pnpSetting } from '../../src/site/pnp.ts';

const DEFAULTS = {
  mode: 'provision',
  rules: [],
  delay: 0,
  tcp: true,
  limits: { perSource: 20, total: 20_000 },
};

test.each<[unknown, object]>([
  [undefined, DEFAULTS],
  ['discover', { ...DEFAULTS, mode: 'discover' }],
  [false, { ...DEFAULTS, mode: 'off' }],
  [{}, DEFAULTS],
  [
    {
      mode: 'off',
      delay: '1500ms',
      tcp: 'off',
      rules: [{ vendor: 'acme', model: '^T4', mac: '00:15:65', do: 'ignore' }],
    },
    {
      ...DEFAULTS,
      mode: 'off',
      delay: 1500,
      tcp: false,
      rules: [{ vendor: 'acme', model: /^T4/i, mac: '001565', do: 'ignore' }],
    },
  ],
])('%j', (written, settings) => {
  expect(checkShape(pnpSetting, written)).toEqual({ ok: true, value: settings });
});

test.each<[unknown, readonly string[], string]>([
  ['on', ['mode'], 'write provision, discover or off'],
  [{ delay: '3s' }, ['delay'], 'at most 2s: phones do not wait longer'],
  [{ rules: [{ do: 'maybe' }] }, ['rules', '0', 'do'], 'write answer, ignore or deny'],
  [
    { rules: [{ mac: 'yealink', do: 'deny' }] },
    ['rules', '0', 'mac'],
    'a MAC or how it begins, quoted: "00:15:65"',
  ],
  [{ speed: 1 }, ['speed'], 'unknown key "speed"'],
])('%j is a mistake', (written, path, message) => {
  const checked = checkShape(pnpSetting, written);
  if (checked.ok) throw new Error('no mistake');
  expect(checked.error.map((mistake) => [mistake.path.map(String), mistake.message])).toEqual([
    [path, message],
  ]);
});
