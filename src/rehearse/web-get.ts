// How a simulated phone fetches a file by HTTP or HTTPS.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { latin1 } from '../base/bytes.ts';
import { showIpv4 } from '../base/ipv4.ts';
import type { WebAnswer, WebRequest } from './plug.ts';

const PATIENCE = 10_000;
/** Settings are small. What is larger is firmware, and names no files. */
const MOST_TEXT = 1024 * 1024;

/** One file from one address; rejects when nobody answers in time. */
export async function webGet(asked: WebRequest): Promise<WebAnswer> {
  const { to, from, target, userAgent, secure } = asked;
  return await new Promise((done, failed) => {
    const call = (secure ? secureRequest : plainRequest)(
      {
        host: showIpv4(to.address),
        port: to.port,
        localAddress: showIpv4(from),
        path: target,
        headers: { 'user-agent': userAgent },
        agent: false,
        timeout: PATIENCE,
        // What a phone trusts is not known here; whether the door opens is.
        rejectUnauthorized: false,
      },
      (response) => {
        let bytes = 0;
        const kept: Uint8Array[] = [];
        response.on('data', (chunk: Uint8Array) => {
          bytes += chunk.length;
          if (bytes <= MOST_TEXT) kept.push(chunk);
        });
        response.on('end', () =>
          done({ status: response.statusCode ?? 0, bytes, text: latin1(Buffer.concat(kept)) }),
        );
        response.on('error', failed);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', failed);
    call.end();
  });
}
