// The kills at length: `npx tsx test/lab/chaos.ts --kills 100 [--phones 500] [--seed 1] [--json]`. Ends with 1 when a rule is
// broken.
import { seededDice } from '../../src/rehearse/loss.ts';
import { numbersFrom } from '../tools/numbers.ts';
import { kill } from './chaos-kills.ts';
import { report } from './soak-say.ts';

const { kills, phones, seed, json } = numbersFrom('npm run chaos', { kills: 100, phones: 500, seed: 1 });
const out = report(json);
const result = await kill({
  ...{ kills, phones },
  pace: { stays: [1_000, 8_000], rests: [200, 2_000], patience: 6_000 },
  perSecond: 40,
  longest: 2_500,
  dice: seededDice(seed),
  say: out.progress,
});
out.result(result);
