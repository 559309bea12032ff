// The metrics as a scraper sees them: the format byte by byte, both ways to ask, and a whole boot counted.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { metrics as command } from '../../src/cli/commands/metrics.ts';
import { openMetricsDoor } from '../../src/control/metrics-door.ts';
import { parseMetrics } from '../../src/control/metrics-text.ts';
import { openControl } from '../../src/control/server.ts';
import { stagingLan } from '../stories/staging.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function bootedPhone() {
  const lan = await stagingLan();
  opened.push(lan);
  await lan.plug({ mac: '00:15:65:aa:bb:cc', vendor: 'yealink', model: 'T46S' });
  await lan.world.advance(60_000);
  return { lan, text: async () => (await lan.appliance.metrics?.()) ?? expect.fail('no metrics') };
}

/** `name{label="value"}` to value. */
function values(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('a boot is counted at every door, and no label names the phone', async () => {
  const { lan, text } = await bootedPhone();
  const shown = await text();
  const read = values(shown);
  expect(read.get('unboxd_phones{stage="proven"}')).toBe(1);
  expect(read.get('unboxd_phones{stage="stuck"}')).toBe(0);
  expect(read.get('unboxd_leases{state="bound"}')).toBe(1);
  expect(read.get('unboxd_pool_taken_addresses{pool="10.99.0.128-10.99.0.254",class=""}')).toBe(1);
  expect(read.get('unboxd_leases_granted_total{how="new"}')).toBe(1);
  expect(read.get('unboxd_decisions_total{door="dhcp",outcome="answered",reason=""}')).toBeGreaterThanOrEqual(
    2,
  );
  expect(read.get('unboxd_transfers_total{door="http",role="own"}')).toBe(1);
  const own = lan.appliance.story('00:15:65:aa:bb:cc')?.find(({ event }) => event['role'] === 'own');
  expect(read.get('unboxd_transfer_bytes_total{door="http",role="own"}')).toBe(own?.event['bytes']);
  expect(own?.event['bytes']).toBeGreaterThan(0);
  expect(read.get('unboxd_commit_seconds_count')).toBe(1);
  expect(read.get('unboxd_commit_seconds_bucket{le="+Inf"}')).toBe(1);
  expect(read.get('unboxd_door_open{door="dhcp"}')).toBe(1);
  expect(read.get('unboxd_door_open{door="ftp"}')).toBe(0);
  expect(read.get('process_open_fds')).toBeGreaterThan(3);
  expect(read.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(shown.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()).not.toContain('001565aabbcc');
});

test('every line is a comment or a sample, each family is described once and stands together', async () => {
  const { text } = await bootedPhone();
  const shown = await text();
  expect(shown.endsWith('\n')).toBe(true);
  const seen: string[] = [];
  for (const line of shown.trimEnd().split('\n')) {
    const head = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line);
    if (head !== null) seen.push(head[1] ?? '');
    else if (!line.startsWith('# HELP ')) {
      expect(line).toMatch(/^[a-z_]+(\{([a-z]+="[^"\\]*",?)+\})? (-?[\d.]+(e[+-]?\d+)?)$/);
      const name = /^\w+/.exec(line)?.[0].replace(/_(bucket|sum|count)$/, '');
      expect(name).toBe(seen.at(-1));
    }
  }
  expect(new Set(seen).size).toBe(seen.length);
});

test('the dashboard asks for metrics that exist, and for all of them', async () => {
  const { text } = await bootedPhone();
  const described = [...(await text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  const names = new Set(described.flatMap(([, name = '']) => name));
  const histograms = described.flatMap(([, name = '', type]) => (type === 'histogram' ? [name] : []));
  const dashboard = JSON.parse(await readFile('config/grafana.json', 'utf8')) as {
    panels: readonly { title: string; targets: readonly { expr: string }[] }[];
  };
  const asked = dashboard.panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => [...expr.matchAll(/\b(?:unboxd|process)_\w+/g)].map(([name]) => name)),
  );
  const whole = asked.map((name) => histograms.find((each) => `${each}_bucket` === name) ?? name);
  expect(whole.length).toBeGreaterThan(30);
  expect(new Set(whole)).toEqual(names);
});

test('the labels the dashboard sorts by are those of the metrics', async () => {
  const { text } = await bootedPhone();
  const labels = new Set(parseMetrics(await text()).flatMap((sample) => Object.keys(sample.labels)));
  // Counters that this boot did not reach have more.
  for (const label of ['fault', 'code', 'instance']) labels.add(label);
  const dashboard = await readFile('config/grafana.json', 'utf8');
  const used = [...dashboard.matchAll(/ by \(([a-z, ]+)\)|\{\{(\w+)\}\}/g)].flatMap(([, list, one = '']) =>
    (list ?? one).split(', '),
  );
  expect(used.filter((label) => !labels.has(label))).toEqual([]);
});

test('the control socket and "unboxd metrics" give them', async () => {
  const { lan, text } = await bootedPhone();
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-metrics-'));
  const socket = join(folder, 'control.sock');
  const control = await openControl(socket, lan.appliance);
  opened.push({ close: async () => await rm(folder, { recursive: true }) }, control);
  const family = /^unboxd_leases\{.*$/gm;
  expect((await ask({ socketPath: socket, path: '/metrics' })).body.match(family)).toEqual(
    (await text()).match(family),
  );

  const printed: string[] = [];
  const terminal = terminalTo(printed);
  expect(await command.run({ args: [], flags: { control: socket }, terminal })).toBe(0);
  expect(printed.join('')).toContain('\nunboxd_leases{state="bound"} 1\n');
  printed.length = 0;
  expect(await command.run({ args: [], flags: { control: socket, json: true }, terminal })).toBe(0);
  expect(JSON.parse(printed.join(''))).toContainEqual({
    name: 'unboxd_leases',
    labels: { state: 'bound' },
    value: 1,
  });
});

test('an address of its own gives the metrics and nothing else', async () => {
  const door = await openMetricsDoor(
    { host: '127.0.0.1', port: 0 },
    async () => await Promise.resolve('a 1\n'),
  );
  opened.push(door);
  const to = { host: '127.0.0.1', port: door.port };
  expect(await ask({ ...to, path: '/metrics?x=1' })).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: 'a 1\n',
  });
  expect((await ask({ ...to, path: '/v1/phones' })).status).toBe(404);
  expect((await ask({ ...to, path: '/metrics', method: 'POST' })).status).toBe(404);
  await expect(openMetricsDoor(to, async () => await Promise.resolve(''))).rejects.toMatchObject({
    code: 'metrics-unopenable',
    message: `the metrics address 127.0.0.1:${door.port} cannot be opened (EADDRINUSE)`,
  });
});

test('trouble in the reading is an answer without details', async () => {
  const door = await openMetricsDoor(
    { host: '127.0.0.1', port: 0 },
    async () => await Promise.reject(new Error('password=x')),
  );
  opened.push(door);
  expect(await ask({ host: '127.0.0.1', port: door.port, path: '/metrics' })).toMatchObject({
    status: 500,
    body: 'the metrics cannot be read now\n',
  });
});

type Asked = NonNullable<Parameters<typeof request>[1]> & object;

async function ask(options: Asked) {
  return await new Promise<{ status?: number | undefined; type?: string | undefined; body: string }>(
    (done, failed) => {
      const asked = request({ agent: false, ...options }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () =>
          done({ status: response.statusCode, type: response.headers['content-type'], body }),
        );
      });
      asked.once('error', failed);
      asked.end();
    },
  );
}

function terminalTo(printed: string[]) {
  return {
    out: (line: string) => void printed.push(line),
    note: () => undefined,
    raw: (bytes: Uint8Array) => void printed.push(Buffer.from(bytes).toString()),
    ...{ isTty: false, columns: 80, rows: 24, env: {}, pid: 1, onStop: () => undefined },
  };
}
