// The soak at length: `npx tsx test/lab/soak.ts --minutes 10 --phones 500 [--json]`. Ends with 1 when a rule is broken.
import { parseArgs } from 'node:util';
import { soak } from './soak-run.ts';
import { report } from './soak-say.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    phones: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
  },
});
const out = report(values.json);
const result = await soak({
  minutes: Number(values.minutes),
  phones: Number(values.phones),
  pace: { stays: [2_000, 20_000], rests: [500, 3_000], patience: 15_000 },
  every: 10,
  perSecond: 50,
  say: out.progress,
});
out.result(result);
