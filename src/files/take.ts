// Takes a file from a phone: the policy says whether, the inbox keeps it, and the timeline learns how it went.
import { errnoOf, messageOf } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { World } from '../base/world.ts';
import type { Catalogue } from '../phones/vendor.ts';
import type { UploadLimits } from '../site/files.ts';
import type { Tell } from '../timeline/event.ts';
import { type Asker, type Refused, showPeer, type Upload, type UploadAsk } from './desk.ts';
import type { Inbox, InboxFile } from './inbox.ts';
import { atMost, decideUpload, type UploadPlan, type UploadRefusal } from './upload.ts';

export interface TakeParts {
  readonly catalogue: Catalogue;
  /** Absent: nothing is taken. */
  readonly inbox?: { readonly inbox: Inbox; readonly limits: UploadLimits } | undefined;
  /** Whether the name is that of a file which is served to the phone anyway. */
  readonly isServed: (phone: Asker, name: string) => Promise<boolean>;
  /** Why this peer may not act for the phone, where it may not. */
  readonly objection: (ask: UploadAsk, phone: Asker) => UploadRefusal | undefined;
  readonly world: World;
  readonly tell: Tell;
}

/** The upload, or the refusal, which has been told. Never rejects. */
export async function takeUpload(
  parts: TakeParts,
  ask: UploadAsk,
  phone: Asker | undefined,
): Promise<Upload | Refused> {
  const { catalogue, inbox, isServed, objection } = parts;
  const taking = { parts, ask, phone };
  if (inbox === undefined) return refused(taking, { kind: 'refuse', because: 'writing-not-served' });
  const plan = decideUpload({ phone, catalogue, limits: inbox.limits, ...ask });
  if (plan.kind === 'refuse') return refused(taking, plan);
  const no = phone && objection(ask, phone);
  if (no !== undefined) return refused(taking, no);
  try {
    if (phone !== undefined && (await isServed(phone, plan.name)))
      return refused(taking, { kind: 'refuse', because: 'upload-over-served' });
    const begun = await inbox.inbox.begin(plan.name, { largest: plan.largest, append: ask.append });
    if (!begun.ok) return refused(taking, { kind: 'refuse', because: begun.error });
    return upload(taking, plan, begun.value);
  } catch (error) {
    return broken(taking, error);
  }
}

interface Taking {
  readonly parts: TakeParts;
  readonly ask: UploadAsk;
  readonly phone: Asker | undefined;
}

function upload(taking: Taking, plan: UploadPlan, file: InboxFile): Upload {
  const { parts, ask } = taking;
  const { name, largest } = plan;
  let isOver = false;
  const seen = () => {
    const who = { mac: plan.mac, from: showPeer(ask.from), door: ask.door };
    return { at: parts.world.now(), file: name, bytes: file.bytes(), ...who };
  };
  /** After any trouble the upload is over, and that is told once. */
  const tried = async <Value>(
    work: () => Promise<Result<Value, UploadRefusal['because']>>,
  ): Promise<Result<Value, Refused>> => {
    if (isOver) return err({ kind: 'refused', because: 'too-busy', detail: 'the upload is over' });
    try {
      const done = await work();
      if (done.ok) return done;
      isOver = true;
      const detail = done.error === 'upload-too-large' ? atMost(largest) : undefined;
      return err(refused(taking, { kind: 'refuse', because: done.error, detail }));
    } catch (error) {
      if (isOver) return err({ kind: 'refused', because: 'too-busy', detail: 'the upload is over' });
      isOver = true;
      return err(broken(taking, error));
    }
  };
  return {
    kind: 'accepted',
    name,
    write: async (bytes) => await tried(async () => await file.write(bytes)),
    finish: async () =>
      await tried(async () => {
        const how = await file.finish();
        if (!how.ok) return how;
        isOver = true;
        parts.tell({ kind: 'uploaded', how: how.value, ...seen() });
        return ok(how.value);
      }),
    abandon: async (why) => {
      if (isOver) return;
      isOver = true;
      parts.tell({ kind: 'upload-ended-early', why, ...seen() });
      await file.abandon();
    },
  };
}

function refused({ parts, ask, phone }: Taking, { because, detail }: UploadRefusal): Refused {
  const seen = { mac: phone?.mac, from: showPeer(ask.from), door: ask.door, at: parts.world.now() };
  const alarm = because === 'file-of-another-phone' || because === 'not-the-holder' ? true : undefined;
  const file = ask.name.replace(/^\/+/, '');
  parts.tell({ kind: 'refused', file, because, detail, writing: true, alarm, ...seen });
  return { kind: 'refused', because, detail };
}

/** The disk is in trouble: that is for the installer, the phone comes again. */
function broken({ parts, phone }: Taking, error: unknown): Refused {
  const { world, tell } = parts;
  const code = errnoOf(error) ?? 'upload-failed';
  const hint = 'look at the disk and at the permissions of the folder for uploads';
  tell({ kind: 'fault', at: world.now(), mac: phone?.mac, code, message: messageOf(error), hint });
  return { kind: 'refused', because: 'too-busy' };
}
