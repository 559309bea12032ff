// Opens a stage, starts something in it that would outlive it, and waits to be killed.
import { spawn } from 'node:child_process';
import { openStage } from '../../src/rehearse/stage.ts';

const stage = await openStage({
  links: [{ host: 'desk', interface: 'lan0', address: '10.99.1.1/24', peer: 'phones', peerInterface: 'p0' }],
});
process.stdout.write(`helper ${stage.pid}\n`);
const [command = '', ...args] = stage.command('phones', [
  'sh',
  '-c',
  'setsid sleep 600 & echo sleeper $!; wait',
]);
spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
