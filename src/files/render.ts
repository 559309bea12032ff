// Templates to the text of a configuration file: same input, same bytes. The one home of liquidjs; templates are data
// from a folder and must not run code, read other files or know the time.
import { createHash } from 'node:crypto';
import { Liquid, LiquidError, type Template } from 'liquidjs';
import { showIpv4 } from '../base/ipv4.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Vendor } from '../phones/vendor.ts';
import type { LanSite } from '../site/site.ts';
import type { Asker } from './desk.ts';

export interface TemplateMistake {
  readonly message: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A parsed template, ready to render many times. Another thread makes its own from the text. */
export interface ParsedTemplate {
  readonly file: string;
  readonly text: string;
  readonly parsed: readonly Template[];
}

const engine = new Liquid({
  strictFilters: true,
  strictVariables: true,
  lenientIf: true,
  ownPropertyOnly: true,
  parseLimit: 1_000_000,
  renderLimit: 1_000,
  memoryLimit: 10_000_000,
  // An empty set of partials: include, layout and render find nothing and never look at the disk.
  templates: {},
});
// The clock has no place in a configuration file: phones compare digests.
for (const filter of [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
]) {
  delete engine.filters[filter];
}

/** For phones that compare a version before they read on: ten digits that change with the text. */
engine.registerFilter('checksum', (text: unknown) => {
  const digest = createHash('sha256').update(String(text)).digest();
  return String(digest.readUIntBE(0, 6) % 10_000_000_000).padStart(10, '0');
});

/** Reads a template; `file` is kept for messages. */
export function parseTemplate(file: string, text: string): Result<ParsedTemplate, TemplateMistake> {
  return mistaken(() => ({ file, text, parsed: engine.parse(text) }));
}

export interface RenderQuestion {
  readonly phone: Asker;
  readonly vendor: Vendor;
  readonly lan: Pick<LanSite, 'address'>;
  /** The provisioning URL this phone is told. */
  readonly url: string;
}

/** What templates may use. Columns of the phone list come first, so that none can hide a name of ours. */
export function variablesFor({ phone, vendor, lan, url }: RenderQuestion): Readonly<Record<string, unknown>> {
  return {
    label: '',
    extension: '',
    ...phone.listed?.columns,
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
  return mistaken(() => engine.renderSync([...template.parsed], Object.fromEntries(oneLine)) as string);
}

function oneLined(value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, ' ') : value;
}

function mistaken<Value>(work: () => Value): Result<Value, TemplateMistake> {
  try {
    return ok(work());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const place = LiquidError.is(error) ? error.token.getPosition() : [];
    const message = error.message.replace(/, line:\d+, col:\d+$/, '').replace(/, file:.*$/, '');
    return err({ message, line: place[0], column: place[1] });
  }
}
