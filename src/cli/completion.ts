// `postern completion bash|zsh`: a script for the shell, made of the same tree as `--help`. It asks nobody: the shell completes without starting us.

import { Argument, type Command } from 'commander';
import { treeOf } from './command-tree.ts';
import { bashCompletion } from './completion-bash.ts';
import { zshCompletion } from './completion-zsh.ts';

const writers = { bash: bashCompletion, zsh: zshCompletion };

export function completionCommand(program: Command): void {
  program
    .command('completion')
    .description('prints what bash or zsh needs to complete our commands and options')
    .addArgument(new Argument('<shell>', 'whose').choices(Object.keys(writers)))
    .addHelpText(
      'after',
      '\nExamples:\n  postern completion bash > /etc/bash_completion.d/postern\n  postern completion zsh > /usr/local/share/zsh/site-functions/_postern\n  source <(postern completion bash)',
    )
    .action(async (shell: keyof typeof writers) => {
      const { createWholeProgram } = await import('./program.ts');
      process.stdout.write(writers[shell](treeOf(await createWholeProgram())));
    });
}
