// The local API: HTTP over a unix socket, JSON answers, one JSON object a line where an answer takes time.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { errnoOf, Fault, messageOf } from '../base/fault.ts';
import { checkShape, type ShapeOf, shape } from '../base/shape.ts';
import type { Closable } from '../base/world.ts';
import type { Appliance, ResyncOrder } from './api.ts';
import { answerCare, type Care } from './care.ts';
import { answerMetrics } from './metrics-door.ts';
import { answerStorms } from './storms-http.ts';

interface Call {
  readonly appliance: Appliance;
  /** The parts of the path that the route's pattern captured, decoded. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (call: Call) => Promise<void> | void;
}

const TOKENS = /^\/v1\/tokens(?:\/([^/]+))?$/;
const STORMS = /^\/v1\/storms((?:\/[\w-]+)*)$/;
const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/v1\/health$/, handle: health },
  {
    method: 'GET',
    path: /^\/v1\/phones$/,
    handle: async ({ appliance, response }) => await jsonList(response, await appliance.phones()),
  },
  {
    method: 'GET',
    path: /^\/v1\/phones\/([^/]+)\/story$/,
    handle: ({ appliance, parts, response }) =>
      jsonOr(response, appliance.story(parts[0] ?? ''), 'that is no MAC'),
  },
  {
    method: 'GET',
    path: /^\/v1\/phones\/([^/]+)\/explain$/,
    handle: async ({ appliance, parts, response }) =>
      jsonOr(response, await appliance.explain(parts[0] ?? ''), 'that is no MAC'),
  },
  { method: 'GET', path: /^\/v1\/phones\/([^/]+)\/file$/, handle: giveFile },
  { method: 'POST', path: /^\/v1\/explain$/, handle: explainDhcp },
  { method: 'POST', path: /^\/v1\/leases$/, handle: importLeases },
  {
    method: 'GET',
    path: /^\/v1\/trouble$/,
    handle: ({ appliance, response }) => json(response, appliance.story(undefined)),
  },
  {
    method: 'GET',
    path: /^\/v1\/leases$/,
    handle: async ({ appliance, response }) => await jsonList(response, await appliance.leases()),
  },
  { method: 'GET', path: /^\/v1\/watch$/, handle: watch },
  { method: 'GET', path: /^\/metrics$/, handle: metrics },
  { method: 'POST', path: /^\/v1\/resync$/, handle: resync },
  { method: 'GET', path: TOKENS, handle: tokens },
  { method: 'POST', path: TOKENS, handle: tokens },
  { method: 'GET', path: STORMS, handle: storms },
  { method: 'POST', path: STORMS, handle: storms },
];

/** Opens the API at the socket path, for its user and group only (mode 0660). Rejects with a Fault. */
export async function openControl(path: string, appliance: Appliance, care?: Care): Promise<Closable> {
  await makeRoom(path);
  const server = createServer((request, response) => void answer({ appliance, care }, request, response));
  await new Promise<void>((done, failed) => {
    // For good: without descriptors to spare each caller that cannot be accepted is an error, and none may end the daemon.
    server.on('error', (error) => failed(unopenable(path, error)));
    server.listen(path, done);
  });
  await chmod(path, 0o660);
  return {
    close: async () => {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

/** A socket that nobody answers at is left over from a crash and removed; one that answers is another daemon. */
async function makeRoom(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw unopenable(path, error);
  }
  const lives = await new Promise<boolean>((told) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      told(true);
    });
    probe.once('error', () => told(false));
  });
  if (lives) {
    const hint = 'stop it first, or give this one another --control PATH';
    throw new Fault('control-taken', `another unboxd answers at ${path}`, hint);
  }
  await rm(path, { force: true });
}

function unopenable(path: string, error: unknown): Fault {
  const hint = 'give a path in a folder this user may write, with --control PATH';
  return new Fault(
    'control-unopenable',
    `the control socket ${path} cannot be made (${errnoOf(error)})`,
    hint,
    error,
  );
}

async function answer(
  { appliance, care }: { readonly appliance: Appliance; readonly care: Care | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    // Not as a base: of `//x` the x would be taken for a host.
    const url = new URL(`http://unboxd${request.url ?? '/'}`);
    if (care !== undefined && (await answerCare(care, request, response))) return;
    for (const { method, path, handle } of ROUTES) {
      const match = path.exec(url.pathname);
      if (match === null || method !== request.method) continue;
      const parts = match.slice(1).map(decodeURIComponent);
      await handle({ appliance, parts, query: url.searchParams, request, response });
      return;
    }
    json(response, { error: `${request.method} ${url.pathname} is not part of the API` }, 404);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else
      json(
        response,
        { error: messageOf(error) },
        error instanceof SyntaxError || error instanceof URIError ? 400 : 500,
      );
  }
}

async function health({ appliance, response }: Call): Promise<void> {
  try {
    await appliance.health?.();
    json(response, { ok: true });
  } catch (error) {
    json(response, { ok: false, error: messageOf(error) }, 503);
  }
}

async function giveFile({ appliance, parts, query, response }: Call): Promise<void> {
  const file = await appliance.file(parts[0] ?? '', query.get('name') ?? '');
  if (typeof file === 'string') return json(response, { error: file }, 404);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.length });
  response.end(file);
}

async function explainDhcp({ appliance, request, response }: Call): Promise<void> {
  const question = checked(dhcpQuestion, await bodyOf(request));
  const explanation = appliance.explainDhcp(question);
  if (typeof explanation === 'string') json(response, { error: explanation }, 400);
  else json(response, explanation);
}

async function importLeases({ appliance, request, response }: Call): Promise<void> {
  const { leases } = checked(importOrder, await bodyOf(request, LARGE));
  json(response, await appliance.importLeases(leases));
}

const dhcpQuestion = shape.object({
  hex: shape.string().regex(/^([0-9a-fA-F]{2})*$/),
  interface: shape.string().optional(),
});
const importOrder = shape.object({
  leases: shape.array(
    shape.object({ address: shape.string(), mac: shape.string(), expires: shape.number().min(0) }),
  ),
});

/** The body in its shape; a SyntaxError is told to the caller as its mistake. */
function checked<Schema extends Parameters<typeof checkShape>[0]>(
  schema: Schema,
  body: string,
): ShapeOf<Schema> {
  const found = checkShape(schema, JSON.parse(body));
  if (found.ok) return found.value;
  const [first] = found.error;
  throw new SyntaxError(`${first?.path.join('.') ?? 'the body'}: ${first?.message ?? 'wrong'}`);
}

function watch({ appliance, response }: Call): void {
  startLines(response);
  const stop = appliance.watch((line) => sendLine(response, line));
  response.once('close', stop);
}

async function metrics({ appliance, response }: Call): Promise<void> {
  if (appliance.metrics === undefined) return json(response, { error: 'no metrics here' }, 404);
  await answerMetrics(response, appliance.metrics);
}

async function resync({ appliance, request, response }: Call): Promise<void> {
  const order = JSON.parse(await bodyOf(request)) as Partial<ResyncOrder>;
  const { mac = '', reboot = false, push = false, patience = 60_000 } = order;
  startLines(response);
  await appliance.resync({ mac, reboot, push, patience }, (line) => sendLine(response, line));
  response.end();
}

async function tokens({ appliance, parts, request, response }: Call): Promise<void> {
  if (appliance.tokens === undefined)
    return json(response, { error: 'URLs carry no tokens here (files.tokens is off)' }, 404);
  if (request.method === 'GET') return await jsonList(response, appliance.tokens.list());
  const renewed = await appliance.tokens.renew(parts[0] ?? '');
  if (typeof renewed === 'string') json(response, { error: renewed }, 400);
  else json(response, renewed);
}

async function storms({ appliance, parts, request, response }: Call): Promise<void> {
  if (appliance.storms === undefined) return json(response, { error: 'no storms here' }, 404);
  await answerStorms(appliance.storms, {
    method: request.method ?? '',
    path: parts[0] ?? '',
    body: async () => await bodyOf(request, LARGE),
    json: (value, status) => json(response, value, status),
    lines: (onGone) => {
      startLines(response);
      response.once('close', onGone);
      return { line: (value) => sendLine(response, value), end: () => void response.end() };
    },
  });
}

/** Room for the leases of a /16. */
const LARGE = 10_000_000;

async function bodyOf(request: IncomingMessage, most = 100_000): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > most) throw new SyntaxError('the request is too long');
  }
  return body;
}

function startLines(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
}

function sendLine(response: ServerResponse, value: unknown): void {
  response.write(`${JSON.stringify(value)}\n`);
}

function jsonOr(response: ServerResponse, value: unknown, otherwise: string): void {
  if (value === undefined) json(response, { error: otherwise }, 404);
  else json(response, value);
}

/** Elements that are written at a time: a list of thousands must not hold the loop. */
const SLICE = 200;

async function jsonList(response: ServerResponse, list: readonly unknown[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('[');
  for (let at = 0; at < list.length && !response.destroyed; at += SLICE) {
    const slice = list.slice(at, at + SLICE).map((each) => JSON.stringify(each));
    response.write((at === 0 ? '' : ',') + slice.join(','));
    await new Promise<void>((done) => void setImmediate(done));
  }
  response.end(']');
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
