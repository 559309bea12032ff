// Filling the placeholders of configuration and vendor data: `http://{server}/{mac}`, `y{number:12}.cfg`.

/** What may stand between braces: a name, and after a colon a width (`{number:12}`) or a form (`{mac:colons}`). */
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
  return value;
}
