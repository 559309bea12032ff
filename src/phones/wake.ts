// How phones of a maker are woken: part of a vendor file.
import { type ShapeOf, shape } from '../base/shape.ts';

const text = shape.string().min(1);

const wakeUp = shape.strictObject({
  /** The Event header of the NOTIFY, whole; {url} is the file to fetch. */
  event: text,
  /** What the phone does, for sentences. */
  effect: text,
  /** The Subscription-State header, where it is not terminated. */
  state: text.optional(),
  contentType: text.optional(),
  body: text.optional(),
  /** More headers, by name. */
  headers: shape.record(shape.string().regex(/^[\w-]+$/, 'a header name'), text).default({}),
  /** The same by a GET at the phone's web server: path and query. */
  http: shape.string().startsWith('/').optional(),
});

export const wakeShape = shape.strictObject({
  fetch: wakeUp,
  reboot: wakeUp,
  /** A restart without power-on tests. */
  restart: wakeUp.optional(),
  /** The phone sends its settings as they are. */
  report: wakeUp.optional(),
  /** It fetches the file that the wake-up names. */
  profile: wakeUp.optional(),
  /** Whether the phone challenges NOTIFY with 401 (RFC 7616). */
  challenges: shape.boolean().default(false),
  /** Whether the Request-URI must name an account of the phone (columns sip_user, extension). */
  needsUser: shape.boolean().default(false),
  transport: shape.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** What to try when a phone of this maker is not woken, by verdict: whole sentences. */
  advice: shape
    .strictObject({
      unanswered: text.optional(),
      acknowledged: text.optional(),
      refused: text.optional(),
      wantsPassword: text.optional(),
    })
    .default({}),
});

export type WakeUp = ShapeOf<typeof wakeUp>;
