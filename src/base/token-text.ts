// How a token of a provisioning URL looks wherever it stands, so that it can be cut off a name and taken out of texts.

/** What may be written for a token in settings and in what people read. */
export const TOKEN_SHOWN = '(token)';
/** The placeholder of provisioning.url. */
export const TOKEN_PLACE = '{token}';

const LOOK = 'tok-[a-z2-7]{32}';
const LEADING = new RegExp(`^[\\\\/]*(${LOOK})(?:[\\\\/]+(.*))?$`, 'is');
const ANYWHERE = new RegExp(LOOK, 'gi');

/** The token that a name begins with, and the name without it; undefined where it begins with none. */
export function splitToken(name: string): { readonly token: string; readonly name: string } | undefined {
  const match = LEADING.exec(name);
  return match === null ? undefined : { token: (match[1] ?? '').toLowerCase(), name: match[2] ?? '' };
}

/** The same text, fit to be shown. */
export function withoutTokens(text: string): string {
  return text.replaceAll(ANYWHERE, TOKEN_SHOWN);
}

/** The URL of the settings with a place for the token: the first part of its path, where it names none. */
export function withTokenPlace(url: string): string {
  if (url.includes(TOKEN_PLACE)) return url;
  const [, host = '', path = ''] = /^([a-z]+:\/\/[^/]*)\/?(.*)$/is.exec(url) ?? [];
  return `${host}/${TOKEN_PLACE}/${path}`;
}

/** Why the URL of the settings cannot carry tokens as it is written; nothing where it can. */
export function tokenMistakes(url: string, isOn: boolean): readonly string[] {
  const places = url.split(TOKEN_PLACE).length - 1;
  if (places === 0) return [];
  if (!isOn) return ['{token} stands in it, but files.tokens is off'];
  return places === 1 && /^[a-z]+:\/\/[^/]*\/\{token\}(?:\/|$)/i.test(url)
    ? []
    : ['{token} must be the first part of its path: http://{server}/{token}/'];
}

/** The URL with no token and no place for one. */
export function withoutTokenPlace(url: string): string {
  return url.replace(`${TOKEN_PLACE}/`, '').replace(TOKEN_PLACE, '');
}
