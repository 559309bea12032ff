// Filling the placeholders of configuration and vendor data: `http://{server}/{mac}`, `y{number:12}.cfg`.

/**
 * What may stand between braces: a name, and after a colon a width (`{number:12}`) or a form (`{mac:colons}`,
 * `{url:host}`).
 */
const PLACEHOLDER = /\{(\w+)(?::(\w+))?\}/g;

export type Fillings = Readonly<Record<string, string | undefined>>;

/** Fills every placeholder, or names those that nobody knows. A width pads on the left with zeros. */
export function fill(
  text: string,
  fillings: Fillings,
): { readonly text: string; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const filled = text.replaceAll(PLACEHOLDER, (whole, name: string, form: string | undefined) => {
    const value = fillings[name];
    if (value === undefined) {
      unknown.push(name);
      return whole;
    }
    if (form === undefined) return value;
    return /^\d+$/.test(form) ? value.padStart(Number(form), '0') : shaped(value, form);
  });
  return { text: filled, unknown };
}

/** The names of all placeholders in a text, for checking data before it is used. */
export function placeholdersOf(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

function shaped(value: string, form: string): string {
  const pairs = value.match(/../g) ?? [value];
  if (form === 'colons') return pairs.join(':');
  if (form === 'dashes') return pairs.join('-');
  return form === 'host' || form === 'port' || form === 'folder' ? partOf(value, form) : value;
}

const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', tftp: '69', ftp: '21' };

/**
 * A part of a URL, for phones that want each in a field of its own. Without a port it is that of its scheme; the folder
 * begins with a slash and ends without one, and is empty at the root.
 */
function partOf(url: string, part: 'host' | 'port' | 'folder'): string {
  const found = /^(\w+):\/\/(?:[^@/]*@)?([^:/]+)(?::(\d+))?(\/.*)?$/.exec(url);
  if (found === null) return url;
  const [, scheme = '', host = '', port = PORTS[scheme] ?? '', path = ''] = found;
  return { host, port, folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))) }[part];
}
