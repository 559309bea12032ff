import { expect, test } from 'vitest';
import type { Identity } from '../../src/phones/phone.ts';
import { verbFor } from '../../src/sip/rules.ts';
import type { PnpRule } from '../../src/site/site.ts';
import { macOf } from './stage.ts';

const identity: Identity = { vendor: 'acme', model: 'T46S', by: 'its MAC', conflicts: [] };
const PHONE = { mac: macOf('001565f4f9e1'), identity };

test.each<{ rules: readonly PnpRule[]; does: string }>([
  { rules: [], does: 'answer' },
  { rules: [{ do: 'ignore' }], does: 'ignore' },
  { rules: [{ vendor: 'acme', do: 'deny' }], does: 'deny' },
  { rules: [{ vendor: 'other', do: 'deny' }], does: 'answer' },
  { rules: [{ model: /^T4/i, do: 'ignore' }], does: 'ignore' },
  { rules: [{ model: /^T5/i, do: 'ignore' }], does: 'answer' },
  { rules: [{ mac: '001565', do: 'ignore' }], does: 'ignore' },
  { rules: [{ mac: '001566', do: 'ignore' }], does: 'answer' },
  { rules: [{ mac: '001565f4f9e1', do: 'answer' }, { do: 'ignore' }], does: 'answer' },
  {
    rules: [
      { vendor: 'acme', model: /^T5/i, do: 'deny' },
      { mac: '00', do: 'ignore' },
    ],
    does: 'ignore',
  },
])('$rules: $does', ({ rules, does }) => {
  expect(verbFor(rules, PHONE)).toBe(does);
});

test('a phone of unknown model fits no rule about models', () => {
  const stranger = { mac: PHONE.mac, identity: { by: 'nothing', conflicts: [] } };
  expect(verbFor([{ model: /./, do: 'deny' }], stranger)).toBe('answer');
});
