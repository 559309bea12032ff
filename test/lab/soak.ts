// The soak at length: `npx tsx test/lab/soak.ts --minutes 10 --phones 500 [--json]`. Ends with 1 when a rule is broken.
import { numbersFrom } from '../tools/numbers.ts';
import { soak } from './soak-run.ts';
import { report } from './soak-say.ts';

const { minutes, phones, json } = numbersFrom('npm run soak', { minutes: 10, phones: 500 });
const out = report(json);
const result = await soak({
  ...{ minutes, phones },
  pace: { stays: [2_000, 20_000], rests: [500, 3_000], patience: 15_000 },
  every: 10,
  perSecond: 50,
  say: out.progress,
});
out.result(result);
