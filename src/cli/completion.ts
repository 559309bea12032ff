// Completion for the shells, made from the table of commands: what is added there is completed here.
import type { Command, Flag } from './command.ts';

export type Shell = 'bash' | 'fish' | 'zsh';

interface Word {
  /** `--config`. */
  readonly flag: string;
  readonly what: string;
  /** What its value is, if it takes one. */
  readonly takes: 'file' | 'folder' | 'nothing' | 'text';
}

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly Word[];
  /** Whether a file may stand after it. */
  readonly isFile: boolean;
}

const HELP: Word = { flag: '--help', what: 'explain the command', takes: 'nothing' };

/** The script that the shell reads. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const entries = commands.filter(({ hidden }) => hidden !== true).map(entryOf);
  return { bash, fish, zsh }[shell](entries);
}

function entryOf({ name, summary, flags, args = '' }: Command): Entry {
  const isFile = /file|csv|certificate/.test(args);
  return { name, summary, words: [...flags.map(wordOf), HELP], isFile };
}

/** From commander's form: `-y, --yes`, `--config <file>`, `--no-x`. */
function wordOf({ flags, what }: Flag): Word {
  const flag = /--[\w-]+/.exec(flags)?.[0] ?? flags;
  const value = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  return { flag, what, takes: kindOf(value) };
}

function kindOf(value: string | undefined): Word['takes'] {
  if (value === undefined) return 'nothing';
  if (/^(?:file|path|csv)$/.test(value)) return 'file';
  return value === 'dir' ? 'folder' : 'text';
}

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, words, isFile }) => {
    const files = isFile ? ' files=1' : '';
    return `    ${name}) flags='${words.map(({ flag }) => flag).join(' ')}'${files} ;;`;
  });
  return `# unboxd completion bash > /usr/share/bash-completion/completions/unboxd
_unboxd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} flags='' files=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '${entries.map(({ name }) => name).join(' ')} help' -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
    help) flags='${entries.map(({ name }) => name).join(' ')}' ;;
${cases.join('\n')}
  esac
  case $before in
    ${flagsTaking(entries, 'file')}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    ${flagsTaking(entries, 'folder')}) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    ${flagsTaking(entries, 'text')}) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
  if [ -n "$files" ] && [[ $word != -* ]]; then mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi
}
complete -o filenames -F _unboxd unboxd`;
}

/** A pattern of \`case\` that no word fits where there is no such flag. */
function flagsTaking(entries: readonly Entry[], takes: Word['takes']): string {
  const flags = entries.flatMap(({ words }) =>
    words.filter((word) => word.takes === takes).map(({ flag }) => flag),
  );
  return flags.length === 0 ? "''" : [...new Set(flags)].sort().join('|');
}

const ZSH_VALUES: Readonly<Record<Word['takes'], string>> = {
  file: ':file:_files',
  folder: ':folder:_files -/',
  text: ':value: ',
  nothing: '',
};

function zsh(entries: readonly Entry[]): string {
  const names = entries.map(({ name, summary }) => `    ${single(`${name}:${summary}`)}`);
  const cases = entries.map(({ name, words, isFile }) => {
    const specs = words.map(({ flag, what, takes }) =>
      single(`${flag}[${what.replaceAll(/[[\]:\\]/g, ' ')}]${ZSH_VALUES[takes]}`),
    );
    return `    ${name}) _arguments ${[...specs, ...(isFile ? ["'*:file:_files'"] : [])].join(' ')} ;;`;
  });
  return `#compdef unboxd
# unboxd completion zsh > /usr/share/zsh/vendor-completions/_unboxd
_unboxd() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
    help) _describe 'command' commands ;;
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _unboxd ]; then _unboxd "$@"; else compdef _unboxd unboxd; fi`;
}

const FISH_VALUES: Readonly<Record<Word['takes'], string>> = {
  file: ' -r -F',
  folder: " -x -a '(__fish_complete_directories)'",
  text: ' -x',
  nothing: '',
};

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ name, summary, words, isFile }) => [
    `complete -c unboxd -n __fish_use_subcommand -a ${name} -d ${single(summary)}`,
    ...words.map(({ flag, what, takes }) => {
      const condition = `-n '__fish_seen_subcommand_from ${name}'`;
      return `complete -c unboxd ${condition} -l ${flag.slice(2)} -d ${single(what)}${FISH_VALUES[takes]}`;
    }),
    ...(isFile ? [`complete -c unboxd -n '__fish_seen_subcommand_from ${name}' -F`] : []),
  ]);
  return [
    '# unboxd completion fish > /usr/share/fish/vendor_completions.d/unboxd.fish',
    'complete -c unboxd -f',
    ...lines,
  ].join('\n');
}

/** In single quotes: nothing in it is read by the shell. */
function single(text: string): string {
  return `'${text.replaceAll('\\', ' ').replaceAll("'", '’')}'`;
}
