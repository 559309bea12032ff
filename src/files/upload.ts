// What a phone may write, pure: files of its own, under the names by which its vendor's phones write.
import type { Mac } from '../base/mac.ts';
import { matchUpload, uploadNameFor } from '../phones/files.ts';
import { type Catalogue, vendorOf } from '../phones/vendor.ts';
import type { UploadLimits } from '../site/files.ts';
import type { Reason } from '../timeline/reason.ts';
import type { Asker } from './desk.ts';
import { cleanName } from './resolve.ts';

/** A file that may be written. */
export interface UploadPlan {
  readonly kind: 'take';
  /** The name it is kept under: in the vendor's spelling, without a folder. */
  readonly name: string;
  readonly mac: Mac;
  readonly largest: number;
}

export interface UploadRefusal {
  readonly kind: 'refuse';
  readonly because: Reason;
  readonly detail?: string | undefined;
}

export interface UploadQuestion {
  /** As asked. */
  readonly name: string;
  /** In bytes, where the phone says it. */
  readonly length?: number | undefined;
  readonly phone: Asker | undefined;
  readonly catalogue: Catalogue;
  readonly limits: UploadLimits;
}

/** Decides whether the phone may write under that name. */
export function decideUpload(question: UploadQuestion): UploadPlan | UploadRefusal {
  const { phone, catalogue, limits, length = 0 } = question;
  const cleaned = cleanName(question.name);
  if (!cleaned.ok) return { kind: 'refuse', because: 'name-not-allowed', detail: cleaned.error };
  if (phone === undefined) return { kind: 'refuse', because: 'unknown-phone' };
  const vendor = vendorOf(catalogue, phone.identity.vendor);
  const match = vendor && matchUpload(vendor, cleaned.value);
  if (match === undefined) return { kind: 'refuse', because: 'upload-not-allowed' };
  if (match.mac !== phone.mac) return { kind: 'refuse', because: 'file-of-another-phone' };
  const largest = match.upload.kind === 'log' ? limits.largestLog : limits.largest;
  if (length > largest) return { kind: 'refuse', because: 'upload-too-large', detail: atMost(largest) };
  return { kind: 'take', name: uploadNameFor(match.upload, phone.mac), mac: phone.mac, largest };
}

/** The name under which a file that the phone asks for would have been kept when the phone wrote it. */
export function uploadedName(
  catalogue: Catalogue,
  phone: Asker | undefined,
  name: string,
): string | undefined {
  const vendor = vendorOf(catalogue, phone?.identity.vendor);
  const match = vendor && matchUpload(vendor, name);
  return match === undefined || match.mac !== phone?.mac ? undefined : uploadNameFor(match.upload, match.mac);
}

/** "at most 1048576 bytes are taken". */
export function atMost(bytes: number): string {
  return `at most ${bytes} bytes are taken`;
}
