import { expect, test } from 'vitest';
import { takeUpload } from '../../src/http/upload.ts';
import { PHONE, writingDesk } from './door.ts';
import { piecesOf, textOf } from './kit.ts';

const ask = { door: 'http', name: '/x.log', from: PHONE } as const;

test.each([
  { method: 'PUT', result: 'created', status: 201 },
  { method: 'PUT', result: 'replaced', status: 204 },
  { method: 'POST', result: 'created', status: 200 },
  { method: 'POST', result: 'replaced', status: 200 },
] as const)('$method, $result: $status', async ({ method, result, status }) => {
  const { desk, taken, uploads } = writingDesk({ result });
  const got = await takeUpload(desk, { ...ask, length: 4 }, { method, body: piecesOf(['lo', 'g!']) });
  expect(got).toEqual({ status, headers: status === 204 ? {} : { 'content-length': '0' } });
  expect(taken).toEqual({ bytes: ['lo', 'g!'], end: 'finished' });
  expect(uploads).toEqual([{ ...ask, length: 4 }]);
});

test('an empty upload makes an empty file', async () => {
  const { desk, taken } = writingDesk();
  expect((await takeUpload(desk, ask, { method: 'PUT', body: undefined })).status).toBe(201);
  expect(taken).toEqual({ bytes: [], end: 'finished' });
});

test.each([
  { because: 'upload-too-large', status: 413 },
  { because: 'upload-not-allowed', status: 403 },
  { because: 'file-of-another-phone', status: 403 },
  { because: 'unknown-phone', status: 403 },
  { because: 'upload-quota-used', status: 507 },
  { because: 'too-busy', status: 503 },
  { because: 'writing-not-served', status: 405 },
] as const)(
  'refused because of $because: $status, and the body is not touched',
  async ({ because, status }) => {
    const { desk } = writingDesk({ upload: { kind: 'refused', because } });
    let isTouched = false;
    const body = {
      [Symbol.asyncIterator]: () => {
        isTouched = true;
        return piecesOf(['x'])[Symbol.asyncIterator]();
      },
    };
    const got = await takeUpload(desk, ask, { method: 'PUT', body });
    expect([got.status, isTouched]).toEqual([status, false]);
    expect(textOf(got.body)).toMatch(/^[A-Z].*\.\n$/);
  },
);

test('a disk that fills up half-way: 507, the rest is not read, and nothing is finished', async () => {
  const { desk, taken } = writingDesk({ room: 1 });
  const got = await takeUpload(desk, ask, { method: 'PUT', body: piecesOf(['a', 'b', 'c']) });
  expect(got.status).toBe(507);
  expect(taken).toEqual({ bytes: ['a'], end: 'refused' });
});

test('a phone that goes away half-way leaves nothing', async () => {
  const { desk, taken } = writingDesk();
  const body = piecesOf(['a'], new Error('aborted'));
  await takeUpload(desk, ask, { method: 'PUT', body });
  expect(taken.end).toBe('abandoned: the connection broke (aborted)');
});
