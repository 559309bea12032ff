import { expect, test } from 'vitest';
import { isSameAsHeld, judgeConditions, showDate } from '../../src/http/conditions.ts';

const MOMENT = Date.UTC(2026, 10, 21, 8, 0, 0, 500);
const SAME = 'Sat, 21 Nov 2026 08:00:00 GMT';
const BEFORE = 'Sat, 21 Nov 2026 07:59:59 GMT';
const has = { etag: '"abc"', modified: MOMENT };

test('a date is written as RFC 9110 section 5.6.7 has it', () => {
  expect(showDate(MOMENT)).toBe(SAME);
});

test.each([
  { headers: {}, is: 'send' },
  { headers: { 'if-none-match': '"abc"' }, is: 'unchanged' },
  { headers: { 'if-none-match': 'W/"abc"' }, is: 'unchanged' },
  { headers: { 'if-none-match': '"x", W/"y" ,"abc"' }, is: 'unchanged' },
  { headers: { 'if-none-match': '*' }, is: 'unchanged' },
  { headers: { 'if-none-match': '"ab"' }, is: 'send' },
  { headers: { 'if-none-match': 'abc' }, is: 'send' },
  { headers: { 'if-modified-since': SAME }, is: 'unchanged' },
  { headers: { 'if-modified-since': 'Saturday, 21-Nov-26 08:00:00 GMT' }, is: 'unchanged' },
  { headers: { 'if-modified-since': BEFORE }, is: 'send' },
  { headers: { 'if-modified-since': 'yesterday' }, is: 'send' },
  // The tag says it better than the date (RFC 9110 section 13.1.3).
  { headers: { 'if-none-match': '"x"', 'if-modified-since': SAME }, is: 'send' },
  { headers: { 'if-match': '"abc"' }, is: 'send' },
  { headers: { 'if-match': '*' }, is: 'send' },
  { headers: { 'if-match': 'W/"abc"' }, is: 'failed' },
  { headers: { 'if-match': '"x"' }, is: 'failed' },
  { headers: { 'if-match': '"abc"', 'if-none-match': '"abc"' }, is: 'unchanged' },
  { headers: { 'if-unmodified-since': BEFORE }, is: 'failed' },
  { headers: { 'if-unmodified-since': SAME }, is: 'send' },
  { headers: { 'if-match': '"abc"', 'if-unmodified-since': BEFORE }, is: 'send' },
])('$headers: $is', ({ headers, is }) => {
  expect(judgeConditions(has, { method: 'GET', headers })).toBe(is);
});

test('a rendered file has no date to go by', () => {
  const headers = { 'if-modified-since': SAME };
  expect(judgeConditions({ etag: '"abc"' }, { method: 'GET', headers })).toBe('send');
});

test.each([
  { ifRange: undefined, is: true },
  { ifRange: '"abc"', is: true },
  { ifRange: 'W/"abc"', is: false },
  { ifRange: '"x"', is: false },
  { ifRange: SAME, is: true },
  { ifRange: BEFORE, is: false },
  { ifRange: 'nonsense', is: false },
])('If-Range $ifRange: Range counts: $is', ({ ifRange, is }) => {
  expect(isSameAsHeld(has, ifRange)).toBe(is);
});
