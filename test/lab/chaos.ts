// The kills at length: `npx tsx test/lab/chaos.ts --kills 100 [--phones 500] [--seed 1] [--json]`. Ends with 1 when a rule is
// broken.
import { parseArgs } from 'node:util';
import { seededDice } from '../../src/rehearse/loss.ts';
import { kill } from './chaos-kills.ts';
import { report } from './soak-say.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    phones: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const out = report(values.json);
const result = await kill({
  kills: Number(values.kills),
  phones: Number(values.phones),
  pace: { stays: [1_000, 8_000], rests: [200, 2_000], patience: 6_000 },
  perSecond: 40,
  longest: 2_500,
  dice: seededDice(Number(values.seed)),
  say: out.progress,
});
out.result(result);
