// `send` among the commands, for their help. Called it is by src/main.ts, which reads none of its arguments: they are those of sendmail.

import type { Command } from 'commander';
import { sendHelp } from '../send/help.ts';
import { CommandFailure } from './failure.ts';

export function sendCommand(program: Command): void {
  program
    .command('send [recipients...]')
    .description('submits a message from standard input, as sendmail does')
    .configureHelp({ formatHelp: () => sendHelp })
    .action(() => {
      throw new CommandFailure(
        '`send` is the first word: postern send … (its own -C names its configuration)',
        2,
      );
    });
}
