// User names and passwords of folders, as an installer writes them and as the doors use them.
import { type ShapeOf, shape } from '../base/shape.ts';
import { splitToken } from '../base/token-text.ts';

const text = shape.string().min(1);

/** doors.accounts in unboxd.yaml. */
export const accountShape = shape.strictObject({
  /** Below the files folder: T23G_1. */
  folder: text.regex(/[^/\\]/, 'name a folder'),
  user: text.regex(/^[^:\p{Cc}]+$/u, 'a user name holds no colon'),
  password: text.optional(),
  /** A file whose first line is the password, so that the settings may be shown to others. */
  passwordFile: text.optional(),
  /** In the order in which they are offered to the phone. */
  methods: shape
    .array(shape.enum(['digest', 'basic'], { error: 'write digest or basic' }))
    .min(1)
    .default(['digest', 'basic']),
});

export type AccountSetting = ShapeOf<typeof accountShape>;

/** An account with its password read. Several may share a folder. */
export interface Account {
  /** Without slashes at its ends. */
  readonly folder: string;
  readonly user: string;
  readonly password: string;
  readonly methods: Readonly<AccountSetting['methods']>;
}

/**
 * The accounts of which one must be shown for a name; none where it is open to all. The deepest folder counts. Case
 * does not matter here: a name that finds its file in spite of its case must not pass by the password.
 */
export function accountsOf(accounts: readonly Account[], name: string): readonly Account[] {
  if (accounts.length === 0) return accounts;
  // A token before the folder does not hide it.
  const asked = `${plain(splitToken(name)?.name ?? name)}/`;
  const covering = accounts.filter(({ folder }) => asked.startsWith(`${plain(folder)}/`));
  const deepest = Math.max(0, ...covering.map(({ folder }) => plain(folder).length));
  return covering.filter(({ folder }) => plain(folder).length === deepest);
}

/** Slashes at the ends, doubled or backwards, and `.` are nothing; `..` takes a part away. */
function plain(path: string): string {
  const parts: string[] = [];
  for (const part of path.toLowerCase().split(/[\\/]+/)) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
