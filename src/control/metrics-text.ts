// The text format of Prometheus, version 0.0.4 (prometheus.io, "Exposition formats").

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels | undefined;
  readonly value: number;
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string | undefined;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What the answer is said to be. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The families as text, in their order. A value that is not known (NaN) is left out. */
export function showMetrics(families: readonly Family[]): string {
  return families.map(showFamily).join('');
}

function showFamily({ name, type, help, samples }: Family): string {
  const lines = samples
    .filter(({ value }) => !Number.isNaN(value))
    .map(
      ({ labels = {}, value, suffix = '' }) => `${name}${suffix}${showLabels(labels)} ${showValue(value)}`,
    );
  return `${[`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...lines].join('\n')}\n`;
}

function showLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A HELP text escapes backslash and line feed, a label's value the double quote too. */
function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function showValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

/** A gauge or counter of one value. */
export function single(name: string, type: 'counter' | 'gauge', help: string, value: number): Family {
  return { name, type, help, samples: [{ value }] };
}

export interface Histogram {
  note(value: number): void;
  read(): readonly Sample[];
}

/** `bounds` ascend; one bucket more holds all that is above. */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = [...bounds, Number.POSITIVE_INFINITY].map((bound) => ({ bound, count: 0 }));
  let sum = 0;
  return {
    note: (value) => {
      sum += value;
      const bucket = counts.find(({ bound }) => value <= bound);
      if (bucket !== undefined) bucket.count += 1;
    },
    read: () => {
      let all = 0;
      const buckets = counts.map(({ bound, count }) => {
        all += count;
        return { suffix: '_bucket', labels: { le: showValue(bound) }, value: all };
      });
      return [...buckets, { suffix: '_sum', value: sum }, { suffix: '_count', value: all }];
    },
  };
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number | string;
}

/** The samples of a text that `showMetrics` made. An infinite value stays text: JSON has none. */
export function parseMetrics(text: string): readonly ReadSample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gs);
    const read = [...pairs].map(([, key = '', escaped = '']) => [key, unescapeLabel(escaped)] as const);
    const number = Number(value);
    return [{ name, labels: Object.fromEntries(read), value: Number.isNaN(number) ? value : number }];
  });
}

function unescapeLabel(escaped: string): string {
  return escaped.replaceAll(/\\(.)/gs, (_whole, letter: string) => (letter === 'n' ? '\n' : letter));
}
