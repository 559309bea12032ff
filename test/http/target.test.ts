import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameInTarget, pathOf, unfilledIn } from '../../src/http/target.ts';

test.each([
  { target: '/001565aabbcc.cfg', name: '/001565aabbcc.cfg' },
  { target: '//001565aabbcc.cfg', name: '//001565aabbcc.cfg' },
  { target: '/sub%2ffile', name: '/sub/file' },
  { target: '/a.cfg?x=1#y', name: '/a.cfg' },
  { target: '/a.cfg#y', name: '/a.cfg' },
  { target: '/?a.cfg', name: '/' },
  { target: 'http://10.99.0.1/a.cfg', name: '/a.cfg' },
  { target: 'HTTPS://user:secret@phones.example:8080/a.cfg?x', name: '/a.cfg' },
  { target: 'http://10.99.0.1', name: '' },
  { target: '/%61%2ecfg', name: '/a.cfg' },
  { target: '/%252e%252e/x', name: '/%2e%2e/x' },
  { target: '/..%5cx', name: '/..\\x' },
  { target: '/a%00b', name: '/a\0b' },
  { target: '/caf%C3%A9.cfg', name: '/café.cfg' },
  { target: '/caf%E9.cfg', name: '/café.cfg' },
  // As node:http gives raw bytes: each as one character.
  { target: '/caf\u00c3\u00a9.cfg', name: '/café.cfg' },
  { target: '/caf\u00e9.cfg', name: '/café.cfg' },
  { target: '*', name: '*' },
  { target: 'a.cfg', name: 'a.cfg' },
  { target: '', name: '' },
  { target: '/%zz', name: undefined },
  { target: '/a%', name: undefined },
  { target: '/a%4', name: undefined },
])('$target names $name', ({ target, name }) => {
  expect(nameInTarget(target)).toBe(name);
});

test('a password in the authority is no part of what is told', () => {
  expect(pathOf('http://user:secret@10.99.0.1/%zz')).toBe('/%zz');
});

test('whatever the target, it names something or nothing, and never throws', () => {
  const targets = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('/', '%', '2', 'f', 'e', '.', '?', '#', '\\', '\u00ff', ':', 'http://'),
    }),
  );
  let named = 0;
  fc.assert(
    fc.property(targets, (target) => {
      const name = nameInTarget(target);
      if (name !== undefined) named += 1;
    }),
    { numRuns: 1000 },
  );
  expect(named).toBeGreaterThan(250);
});

test.each([
  { name: '/$PN/$MAC.cfg', macro: '$PN' },
  { name: '/$MA.cfg', macro: '$MA' },
  { name: '/$PSN.xml', macro: '$PSN' },
  { name: '/{mac}.cfg', macro: '{mac}' },
  { name: '/001565aabbcc.cfg', macro: undefined },
  { name: '/price$.txt', macro: undefined },
])('the macro left in $name is $macro', ({ name, macro }) => {
  expect(unfilledIn(name)).toBe(macro);
});
