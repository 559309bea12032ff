// Uploads over HTTP: the body to the desk, piece by piece, each waiting for the disk.
import { messageOf } from '../base/fault.ts';
import type { FileDesk, Refused, Upload, UploadAsk } from '../files/desk.ts';
import type { PlainAnswer, PlainRequest } from '../net/ports.ts';
import { refusal, statusOf } from './refusal.ts';

/** Gives the body to the desk; the body is not touched before the desk has accepted, so that no 100 is sent in vain. */
export async function takeUpload(
  desk: Pick<FileDesk, 'upload'>,
  ask: UploadAsk,
  { method, body }: Pick<PlainRequest, 'method' | 'body'>,
): Promise<PlainAnswer> {
  const upload = await desk.upload(ask);
  if (upload.kind === 'refused') return uploadRefusal(upload);
  const failed = await pour(upload, body);
  if (failed !== undefined) return failed;
  const done = await upload.finish();
  if (!done.ok) return uploadRefusal(done.error);
  // What POST does with the bytes is not a file at that address to everybody: 200 says no more than that it went well.
  const status = method === 'POST' ? 200 : done.value === 'created' ? 201 : 204;
  return { status, headers: status === 204 ? {} : { 'content-length': '0' } };
}

/** Undefined when all of it is with the desk. */
async function pour(upload: Upload, body: PlainRequest['body']): Promise<PlainAnswer | undefined> {
  if (body === undefined) return undefined;
  let refused: Refused | undefined;
  try {
    for await (const bytes of body) {
      const written = await upload.write(bytes);
      if (written.ok) continue;
      refused = written.error;
      break;
    }
  } catch (error) {
    await upload.abandon(`the connection broke (${messageOf(error)})`);
    return refusal({ because: 'request-garbled' });
  }
  return refused && uploadRefusal(refused);
}

/** 404 is for files that are not there; who may not write is told 403. */
function uploadRefusal(refused: Refused): PlainAnswer {
  const status = statusOf(refused);
  return refusal(refused, status === 404 ? 403 : status);
}
