// What the daemon tells and takes about storms: the shapes that server, command line and dashboard share.
import { checkShape, type ShapeOf, shape } from '../base/shape.ts';
import type { StormMode, Verdict, WakeKind } from '../sip/storm-plan.ts';
import { STAGES } from '../timeline/diagnosis.ts';

const text = shape.string().min(1);
const count = shape.int().min(0);

/** Whom a storm means: everything that is said must hold, and nothing said means nobody. */
const selection = shape.strictObject({
  all: shape.boolean().default(false),
  macs: shape.array(text).optional(),
  vendor: text.optional(),
  /** `*` stands for anything. */
  model: text.optional(),
  label: text.optional(),
  subnet: text.optional(),
  stage: shape.enum(STAGES).optional(),
  /** The phones of that storm which are not confirmed. */
  unconfirmedOf: text.optional(),
});

const order = shape.strictObject({
  selection,
  what: shape.enum(['fetch', 'reboot', 'restart', 'report', 'profile']).default('fetch'),
  url: text.optional(),
  transport: shape.enum(['udp', 'tcp', 'tls']).optional(),
  via: text.optional(),
  byHttp: shape.boolean().default(false),
  startAt: count.optional(),
  perSecond: shape.number().min(0).default(50),
  atOnce: count.default(0),
  spread: count.default(0),
  /** Numbers of phones, or parts of all as `10%`. */
  waves: shape.array(shape.string().regex(/^\d+%?$/)).default([]),
  stopAt: shape.number().min(0).max(1).default(1),
  retries: count.max(10).default(0),
  patience: count.default(60_000),
  dryRun: shape.boolean().default(false),
});

export type StormSelection = ShapeOf<typeof selection>;
export type StormOrder = ShapeOf<typeof order>;

/** The order in its shape; a SyntaxError tells the caller its mistake. */
export function checkOrder(body: unknown): StormOrder {
  const found = checkShape(order, body);
  if (found.ok) return found.value;
  const [first] = found.error;
  throw new SyntaxError(`${first?.path.join('.') || 'the order'}: ${first?.message ?? 'wrong'}`);
}

/** Where a storm stands. Times in ms since 1970. */
export interface StormLine {
  readonly id: string;
  readonly what: WakeKind;
  readonly mode: StormMode;
  readonly madeAt: number;
  readonly startAt: number;
  readonly phones: number;
  readonly woken: number;
  readonly finished: number;
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly perSecond: number;
  readonly patience: number;
  /** One sentence. */
  readonly sentence: string;
}

/** A phone of a storm. Its verdict is absent while it has none. */
export interface StormPhone {
  readonly mac: string;
  readonly label?: string | undefined;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  readonly address?: string | undefined;
  readonly verdict?: Verdict | undefined;
  readonly sentence: string;
  /** What to try. */
  readonly advice?: string | undefined;
  readonly status?: number | undefined;
  readonly wokenAt?: number | undefined;
  readonly times: number;
  readonly afterMs?: number | undefined;
}

/** Who would be woken, and how. */
export interface PlannedPhone {
  readonly mac: string;
  readonly label?: string | undefined;
  readonly vendor?: string | undefined;
  readonly model?: string | undefined;
  /** `10.20.0.51:5060`. */
  readonly to?: string | undefined;
  /** The account by which a registrar knows it. */
  readonly account?: string | undefined;
  /** The Event header, or the path at its web server. */
  readonly event?: string | undefined;
  readonly effect?: string | undefined;
  /** More of the message, for registrars. */
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
  /** Why it would not be woken. */
  readonly because?: string | undefined;
}

/** A line of the answer to `follow`: how the storm stands, or a phone that has its verdict. */
export type StormNews =
  | { readonly kind: 'storm'; readonly storm: StormLine }
  | { readonly kind: 'phone'; readonly phone: StormPhone };

export type StormCommand = 'pause' | 'resume' | 'cancel';

/** What the API offers on storms. Text is why not. */
export interface StormDesk {
  plan(order: StormOrder): Promise<readonly PlannedPhone[] | string>;
  start(order: StormOrder): Promise<StormLine | string>;
  list(): readonly StormLine[];
  phones(id: string): readonly StormPhone[] | undefined;
  command(id: string, what: StormCommand): StormLine | string;
  /** Calls back with each change until the storm rests; what it returns ends that. */
  follow(id: string, say: (news: StormNews) => void, end: () => void): (() => void) | undefined;
}
