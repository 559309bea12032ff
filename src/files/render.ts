// Templates to the text of a configuration file: same input, same bytes. The one home of liquidjs; templates are data
// from a folder and must not run code, read other files or know the time.
import { createHash } from 'node:crypto';
import { Liquid, LiquidError, type Template } from 'liquidjs';
import { showIpv4 } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import { modelOf, type Vendor } from '../phones/vendor.ts';
import type { LanSite } from '../site/site.ts';
import type { Asker } from './desk.ts';

export interface TemplateMistake {
  readonly message: string;
  /** The part of it that holds the mistake, where it is not in the template itself. */
  readonly part?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A parsed template, ready to render many times. Another thread makes its own from the text. */
export interface ParsedTemplate {
  readonly file: string;
  readonly text: string;
  readonly partials: Partials;
  readonly parsed: readonly Template[];
}

/** Texts that templates may render as parts of themselves, by name. */
export type Partials = Readonly<Record<string, string>>;

const NO_PARTIALS: Partials = {};

/** The clock and the dice have no place in a configuration file: phones compare digests. */
const UNFIT = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
];

/** One engine for all templates that share their parts. */
const engines = new WeakMap<Partials, Liquid>();

function engineFor(partials: Partials): Liquid {
  const made = engines.get(partials) ?? makeEngine(partials);
  engines.set(partials, made);
  return made;
}

function makeEngine(partials: Partials): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    // An empty cell of the phone list is no value: `{% if sip_port %}` is not met.
    jsTruthy: true,
    ownPropertyOnly: true,
    parseLimit: 1_000_000,
    renderLimit: 1_000,
    memoryLimit: 10_000_000,
    cache: true,
    // A set in memory: include, layout and render find these and never look at the disk.
    templates: { ...partials },
  });
  for (const filter of UNFIT) delete engine.filters[filter];
  /** For phones that compare a version before they read on: ten digits that change with the text. */
  engine.registerFilter('checksum', (text: unknown) => {
    const digest = createHash('sha256').update(String(text)).digest();
    return String(digest.readUIntBE(0, 6) % 10_000_000_000).padStart(10, '0');
  });
  return engine;
}

/** Reads a template; `file` is kept for messages. */
export function parseTemplate(
  file: string,
  text: string,
  partials: Partials = NO_PARTIALS,
): Result<ParsedTemplate, TemplateMistake> {
  return mistaken(() => ({ file, text, partials, parsed: engineFor(partials).parse(text) }));
}

export interface RenderQuestion {
  readonly phone: Asker;
  readonly vendor: Vendor;
  readonly lan: Pick<LanSite, 'address'>;
  /** The provisioning URL this phone is told. */
  readonly url: string;
  /** Variables of the site, for every phone. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** The firmware there is for it. */
  readonly firmware?: FirmwareVariables | undefined;
}

export interface FirmwareVariables {
  readonly url: string;
  readonly version: string;
  readonly file: string;
}

/**
 * What templates may use: variables of the site, of the vendor, of the model and columns of the phone list, the later
 * winning over the earlier where they say anything. None can hide a name of ours.
 */
export function variablesFor(question: RenderQuestion): Readonly<Record<string, unknown>> {
  const { phone, vendor, lan, url, variables, firmware } = question;
  const layers = [variables, vendor.variables, modelOf(vendor, phone.identity.model)?.variables];
  const general = Object.assign({}, ...layers) as Record<string, string>;
  const columns = Object.entries(phone.listed?.columns ?? {}).filter(
    ([name, value]) => value !== '' || general[name] === undefined,
  );
  return {
    label: '',
    extension: '',
    ...general,
    ...Object.fromEntries(columns),
    ...(firmware === undefined ? {} : { firmware }),
    mac: phone.mac,
    model: phone.identity.model ?? '',
    vendor: vendor.id,
    server: showIpv4(lan.address),
    url,
    listed: phone.listed !== undefined,
  };
}

/**
 * The file as text. A variable without a value is a mistake and names its place. A value may be the phone's own word:
 * line breaks in it become blanks, for a line of its own would be a setting of its own.
 */
export function render(
  template: ParsedTemplate,
  variables: Readonly<Record<string, unknown>>,
): Result<string, TemplateMistake> {
  const oneLine = Object.entries(variables).map(([name, value]) => [name, oneLined(value)] as const);
  return mistaken(
    () =>
      engineFor(template.partials).renderSync([...template.parsed], Object.fromEntries(oneLine)) as string,
  );
}

function oneLined(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, ' ') : value;
}

function mistaken<Value>(work: () => Value): Result<Value, TemplateMistake> {
  try {
    return ok(work());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const token = LiquidError.is(error) ? error.token : undefined;
    const place = token?.getPosition() ?? [];
    const message = error.message.replace(/, line:\d+, col:\d+$/, '').replace(/, file:.*$/, '');
    return err({ message, line: place[0], column: place[1], part: token?.file });
  }
}
