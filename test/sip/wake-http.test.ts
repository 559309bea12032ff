import { expect, test } from 'vitest';
import type { Peer, TcpHandlers } from '../../src/net/ports.ts';
import { getPath } from '../../src/sip/wake-http.ts';
import { fakeWorld } from '../fakes/world.ts';
import { address, md5, PHONE } from './wake-kit.ts';

const PATH = '/admin/resync?http://10.1.0.1/x.xml';
const CREDENTIALS = { user: 'admin', password: 's3cret' };

/** GETs the path from a phone that says these answers, one a connection; undefined: it hangs up. */
async function got(answers: readonly (string | undefined)[], credentials?: typeof CREDENTIALS) {
  const world = fakeWorld();
  const asked: string[] = [];
  const lan = {
    dialTcp: async ({ to }: { readonly to: Peer }, handlers: TcpHandlers) => {
      if (answers.length === 0) throw new Error('connection refused');
      return await Promise.resolve({
        near: { address: address('10.1.0.1'), port: 40_000 },
        far: to,
        send: async (bytes: Uint8Array) => {
          const said = answers[asked.push(Buffer.from(bytes).toString('latin1')) - 1];
          if (said === undefined) handlers.onClose();
          else
            for (const piece of [said.slice(0, 12), said.slice(12)])
              handlers.onBytes(Buffer.from(piece, 'latin1'));
          return await Promise.resolve(true);
        },
        hold: () => undefined,
        go: () => undefined,
        end: () => undefined,
        destroy: () => undefined,
      });
    },
  };
  const end = await getPath({ lan, world }, { address: PHONE, credentials }, PATH);
  return { end, asked };
}

test('the path is asked for as it is, and the status is the answer', async () => {
  const { end, asked } = await got(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']);
  expect(end).toEqual({ kind: 'answered', status: 200, reason: 'OK' });
  expect(asked).toEqual([
    `GET ${PATH} HTTP/1.1\r\nHost: 10.1.0.51\r\nUser-Agent: unboxd\r\nConnection: close\r\n\r\n`,
  ]);
});

test('a challenge is answered with the method and the path', async () => {
  const challenge = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n';
  const { end, asked } = await got([challenge, 'HTTP/1.0 200 OK\r\n\r\n'], CREDENTIALS);
  expect(end).toMatchObject({ status: 200 });
  expect(asked[1]).toContain(`response="${md5(`${md5('admin:r:s3cret')}:n:${md5(`GET:${PATH}`)}`)}"`);
});

test.each([
  {
    when: 'the password is wrong',
    answers: Array<string>(3).fill(
      'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n',
    ),
    end: { kind: 'answered', status: 401, auth: 'rejected' },
  },
  { when: 'it refuses', answers: ['HTTP/1.1 403 Forbidden\r\n\r\n'], end: { kind: 'answered', status: 403 } },
  { when: 'it hangs up', answers: [undefined], end: { kind: 'unanswered', tries: 1 } },
  { when: 'it speaks something else', answers: ['SSH-2.0-x\r\n\r\n'], end: { kind: 'unanswered', tries: 1 } },
  {
    when: 'nobody listens',
    answers: [],
    end: { kind: 'unanswered', tries: 0, trouble: 'connection refused' },
  },
])('when $when that is the end', async ({ answers, end }) => {
  expect((await got(answers, CREDENTIALS)).end).toMatchObject(end);
});
