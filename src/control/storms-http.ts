// Storms in the local API: paths below /v1/storms.
import { setImmediate as breath } from 'node:timers/promises';
import { checkOrder, type StormCommand, type StormDesk, type StormNews } from './storms-api.ts';

/** A call, without its sockets. */
export interface StormCall {
  readonly method: string;
  /** Behind /v1/storms: empty, `/ID`, `/ID/pause`. */
  readonly path: string;
  readonly body: () => Promise<string>;
  /** Answers in JSON. */
  readonly json: (value: unknown, status?: number) => void;
  /** Begins an answer of lines; `onGone` is called when nobody reads any more. */
  readonly lines: (onGone: () => void) => {
    readonly line: (value: unknown) => void;
    readonly end: () => void;
  };
}

const COMMANDS: readonly StormCommand[] = ['pause', 'resume', 'cancel'];

/** Answers the call. A SyntaxError is the caller's mistake. */
export async function answerStorms(desk: StormDesk, call: StormCall): Promise<void> {
  const { method, path, json } = call;
  const [, id = '', what = ''] = path.split('/');
  if (path === '' && method === 'GET') return json(desk.list());
  if (path === '' && method === 'POST') return await begin(desk, call);
  const command = COMMANDS.find((one) => one === what);
  if (method === 'POST' && command !== undefined) return said(call, desk.command(id, command));
  if (method === 'GET' && what === 'phones') return json(...orNone(desk.phones(id), id));
  if (method === 'GET' && what === 'follow') return follow(desk, call, id);
  json({ error: `${method} /v1/storms${path} is not part of the API` }, 404);
}

async function begin(desk: StormDesk, call: StormCall): Promise<void> {
  const order = checkOrder(JSON.parse(await call.body()));
  // The loop is free for phones between reading thousands of MACs and sorting them.
  await breath();
  said(call, await (order.dryRun ? desk.plan(order) : desk.start(order)));
}

/** Text is why not. */
function said({ json }: StormCall, value: unknown): void {
  if (typeof value === 'string') json({ error: value }, 400);
  else json(value);
}

function orNone(value: unknown, id: string): [unknown, number] {
  return value === undefined ? [{ error: `there is no storm ${id}` }, 404] : [value, 200];
}

function follow(desk: StormDesk, call: StormCall, id: string): void {
  if (desk.phones(id) === undefined) {
    call.json(...orNone(undefined, id));
    return;
  }
  let stop: (() => void) | undefined;
  const lines = call.lines(() => stop?.());
  stop = desk.follow(
    id,
    (news: StormNews) => lines.line(news),
    () => {
      stop?.();
      lines.end();
    },
  );
}
