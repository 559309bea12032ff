import { expect, test } from 'vitest';
import { keepJoined, REJOIN_EVERY_MS } from '../../src/net/rejoin.ts';
import { testWorld } from '../sip/stage.ts';

const WHERE = { group: '224.0.1.75', near: '10.1.0.1' };

test('the membership is reported twice before a switch forgets it, until it is cancelled', () => {
  const world = testWorld();
  const said: string[] = [];
  const member = {
    addMembership: (group: string, near: string) => said.push(`join ${group} ${near}`),
    dropMembership: (group: string, near: string) => said.push(`leave ${group} ${near}`),
  };
  const cancel = keepJoined(world, member, WHERE, () => undefined);
  world.advance(259_000);
  const once = ['leave 224.0.1.75 10.1.0.1', 'join 224.0.1.75 10.1.0.1'];
  expect(said).toEqual([...once, ...once]);
  cancel();
  world.advance(10 * REJOIN_EVERY_MS);
  expect([said.length, world.timers()]).toEqual([4, 0]);
});

test('an interface that is away is told, and it goes on', () => {
  const world = testWorld();
  const troubles: string[] = [];
  let isAway = true;
  let joined = 0;
  const fail = (): void => {
    if (isAway) throw new Error('ENODEV');
  };
  const member = {
    addMembership: () => {
      fail();
      joined += 1;
    },
    dropMembership: fail,
  };
  keepJoined(world, member, WHERE, (error) => troubles.push(error.message));
  world.advance(REJOIN_EVERY_MS);
  isAway = false;
  world.advance(REJOIN_EVERY_MS);
  expect([troubles, joined]).toEqual([['ENODEV'], 1]);
});
