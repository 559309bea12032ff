import { type Command, UsageError } from '../command.ts';
import { completionScript, type Shell } from '../completion.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** `unboxd completion`: what a shell reads to complete the words of these commands. */
export function makeCompletion(commands: () => Promise<readonly Command[]>): Command {
  return {
    name: 'completion',
    args: '<shell>',
    summary: 'print the completion for bash, zsh or fish',
    flags: [],
    examples: [
      'unboxd completion bash | sudo tee /usr/share/bash-completion/completions/unboxd',
      'unboxd completion zsh | sudo tee /usr/share/zsh/vendor-completions/_unboxd',
      'unboxd completion fish > ~/.config/fish/completions/unboxd.fish',
    ],
    run: async ({ args, terminal }) => {
      const shell = SHELLS.find((known) => known === args[0]);
      if (shell === undefined) throw new UsageError('write: unboxd completion bash, zsh or fish');
      terminal.out(completionScript(shell, await commands()));
      return 0;
    },
  };
}
