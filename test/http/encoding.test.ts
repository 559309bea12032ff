import { expect, test } from 'vitest';
import { acceptsGzip } from '../../src/http/encoding.ts';

test.each([
  { header: undefined, accepts: false },
  { header: '', accepts: false },
  { header: 'gzip', accepts: true },
  { header: 'deflate, GZIP', accepts: true },
  { header: 'x-gzip', accepts: true },
  { header: '*', accepts: true },
  { header: 'gzip;q=0, *', accepts: false },
  { header: 'gzip; q=0.0', accepts: false },
  { header: 'gzip; q=0.5, identity; q=1', accepts: true },
  { header: 'gzip;q=nonsense', accepts: false },
  { header: 'identity', accepts: false },
  { header: 'gzipped', accepts: false },
])('Accept-Encoding "$header": $accepts', ({ header, accepts }) => {
  expect(acceptsGzip(header)).toBe(accepts);
});
