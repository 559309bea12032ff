// The parts of the metrics: text format, histogram, the tables of the kernel, the loop, the address.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkShape } from '../../src/base/shape.ts';
import { type UdpSocketLine, watchLoop, watchUdp } from '../../src/control/metrics-process.ts';
import { createHistogram, parseMetrics, showMetrics } from '../../src/control/metrics-text.ts';
import { controlSettings, logSettings, parseMetricsAddress } from '../../src/site/control.ts';

test('the text format, with what it escapes', () => {
  const text = showMetrics([
    {
      name: 'unboxd_x_total',
      type: 'counter',
      help: 'A \\ and\na line.',
      samples: [
        { labels: { a: 'say "no" \\ or\nso', b: '' }, value: 3 },
        { value: 0.5 },
        { labels: { a: 'unknown' }, value: Number.NaN },
        { labels: { a: 'much' }, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: 'unboxd_y', type: 'gauge', help: 'Nothing yet.', samples: [] },
  ]);
  expect(text).toBe(
    `# HELP unboxd_x_total A \\\\ and\\na line.
# TYPE unboxd_x_total counter
unboxd_x_total{a="say \\"no\\" \\\\ or\\nso",b=""} 3
unboxd_x_total 0.5
unboxd_x_total{a="much"} +Inf
# HELP unboxd_y Nothing yet.
# TYPE unboxd_y gauge
`,
  );
});

test('what is shown can be read again, whatever the labels hold', () => {
  const name = fc.stringMatching(/^[a-z_]{1,9}$/);
  const labels = fc.dictionary(name, fc.string({ unit: 'binary' }));
  const sample = fc.record({ labels, value: fc.double({ noNaN: true, noDefaultInfinity: true }) });
  fc.assert(
    fc.property(name, fc.array(sample), (family, samples) => {
      const read = parseMetrics(showMetrics([{ name: family, type: 'gauge', help: 'x', samples }]));
      // -0 is written as 0.
      expect(read).toEqual(samples.map((one) => ({ ...one, name: family, value: one.value + 0 })));
    }),
  );
});

test('the buckets of a histogram hold all that is not above them', () => {
  const histogram = createHistogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.note(value);
  const text = showMetrics([{ name: 'h', type: 'histogram', help: 'x', samples: histogram.read() }]);
  expect(text.split('\n').slice(2, -1)).toEqual([
    'h_bucket{le="0.1"} 2',
    'h_bucket{le="1"} 3',
    'h_bucket{le="+Inf"} 4',
    'h_sum 7.65',
    'h_count 4',
  ]);
});

test('lost datagrams stay counted when their socket is closed', async () => {
  let lines: readonly UdpSocketLine[] = [];
  const udp = watchUdp(6969, async () => await Promise.resolve(lines));
  const read = async (next: readonly UdpSocketLine[]) => {
    lines = next;
    return showMetrics(await udp.read())
      .split('\n')
      .filter((line) => line.includes('{'));
  };
  const dhcp = { port: 67, inode: '1', queue: 100, drops: 5 };
  const tftp = { port: 6969, inode: '9', queue: 1, drops: 0 };
  const transfer = { port: 40_000, inode: '2', queue: 7, drops: 2 };
  expect(await read([dhcp, transfer, tftp])).toEqual([
    'unboxd_udp_receive_drops_total{door="dhcp"} 5',
    'unboxd_udp_receive_drops_total{door="other"} 2',
    'unboxd_udp_receive_drops_total{door="tftp"} 0',
    'unboxd_udp_receive_queue_bytes{door="dhcp"} 100',
    'unboxd_udp_receive_queue_bytes{door="other"} 7',
    'unboxd_udp_receive_queue_bytes{door="tftp"} 1',
  ]);
  // The interface was replaced, the transfer is over.
  expect(await read([{ ...dhcp, inode: '3', queue: 0, drops: 1 }])).toEqual([
    'unboxd_udp_receive_drops_total{door="dhcp"} 6',
    'unboxd_udp_receive_drops_total{door="other"} 2',
    'unboxd_udp_receive_drops_total{door="tftp"} 0',
    'unboxd_udp_receive_queue_bytes{door="dhcp"} 0',
  ]);
});

test('what the kernel really drops at a socket of ours is seen', async () => {
  const [ear, mouth] = [createSocket({ type: 'udp4', recvBufferSize: 4096 }), createSocket('udp4')];
  try {
    ear.bind(0, '127.0.0.1');
    await once(ear, 'listening');
    mouth.connect(ear.address().port, '127.0.0.1');
    await once(mouth, 'connect');
    const udp = watchUdp(69);
    // All in one turn of the loop: nobody reads meanwhile.
    for (let sent = 0; sent < 400; sent += 1) mouth.send(Buffer.alloc(1000));
    const read = parseMetrics(showMetrics(await udp.read()));
    const lost = read.find(({ name, labels }) => name.includes('drops') && labels['door'] === 'other');
    expect(lost?.value).toBeGreaterThan(100);
  } finally {
    ear.close();
    mouth.close();
  }
});

test('a loop that is held shows it, and forgets it after two windows', async () => {
  const loop = watchLoop(0);
  const worst = (now: number) =>
    loop.read(now).samples.find(({ labels }) => labels?.['stat'] === 'max')?.value ?? -1;
  const turn = async () => await new Promise((done) => void setTimeout(done, 45));
  await turn();
  const until = performance.now() + 300;
  while (performance.now() < until);
  await turn();
  try {
    expect(worst(1_000)).toBeGreaterThan(0.2);
    expect(worst(1_000)).toBeLessThan(5);
    expect(worst(60_000)).toBeGreaterThan(0.2);
    let now = 120_000;
    // The machine may hold it once more by itself: then a later window is calm.
    const later = async () => {
      await turn();
      now += 60_000;
      return worst(now);
    };
    await expect.poll(later).toBeLessThan(0.2);
  } finally {
    loop.close();
  }
});

test.each([
  ['127.0.0.1:9750', { host: '127.0.0.1', port: 9750 }],
  ['9750', { host: '127.0.0.1', port: 9750 }],
  ['localhost:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['10.20.0.1:65535', { host: '10.20.0.1', port: 65_535 }],
  ['10.20.0.1', undefined],
  ['10.20.0.256:80', undefined],
  ['127.0.0.1:0', undefined],
  ['127.0.0.1:65536', undefined],
  ['pbx.example:80', undefined],
  ['', undefined],
])('the address %s', (text, address) => {
  expect(parseMetricsAddress(text)).toEqual(address);
});

test('the settings, by default and as written', () => {
  expect(checkShape(controlSettings, undefined)).toEqual({
    ok: true,
    value: { socket: '/run/unboxd/control.sock', metrics: 'off' },
  });
  for (const metrics of ['off', false])
    expect(checkShape(controlSettings, { metrics })).toMatchObject({ value: { metrics: 'off' } });
  expect(checkShape(controlSettings, { metrics: 9750 })).toMatchObject({
    value: { metrics: { host: '127.0.0.1', port: 9750 } },
  });
  const hint = 'write an address and a port (127.0.0.1:9750) or off';
  for (const metrics of ['here', true, 0])
    expect(checkShape(controlSettings, { metrics })).toEqual({
      ok: false,
      error: [{ path: ['metrics'], message: hint }],
    });
  expect(checkShape(logSettings, { doors: { tftp: 'debug' } })).toEqual({
    ok: true,
    value: { level: 'info', doors: { tftp: 'debug' } },
  });
  expect(checkShape(logSettings, { doors: { tftp: 'loud' } })).toMatchObject({
    error: [{ path: ['doors', 'tftp'], message: 'write debug, info, warn, error or silent' }],
  });
  expect(checkShape(logSettings, { doors: { gopher: 'info' } }).ok).toBe(false);
});
