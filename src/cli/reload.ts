// `postern reload` and `postern status`: what only a running server can answer.

import type { Command } from 'commander';
import { connectControl, type ControlClient } from '../http/control-client.ts';
import { type ConfigOption, loadForCommand } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';

export function reloadCommand(program: Command): void {
  program
    .command('reload')
    .description('takes the changed configuration, like SIGHUP, and says what came of it')
    .addHelpText('after', '\nExample:\n  postern reload -c /etc/postern/postern.yaml')
    .action(async (_: object, command: Command) => {
      const { problems, needsRestart } = await (await running(command.optsWithGlobals())).reload();
      if (problems.length > 0)
        throw new CommandFailure(`refused, the old configuration stays:\n${problems.join('\n')}`);
      print('reloaded');
      if (needsRestart.length > 0) print(`needs restart: ${needsRestart.join(', ')}`);
    });
  program
    .command('status')
    .description('is the server running, and is it well?')
    .addHelpText('after', '\nExample:\n  postern status')
    .action(async (_: object, command: Command) =>
      printJson(await (await running(command.optsWithGlobals())).status()),
    );
}

async function running(option: ConfigOption): Promise<ControlClient> {
  const loaded = loadForCommand(option);
  const server = await connectControl(loaded.path(loaded.config.data));
  if (server === undefined) throw new CommandFailure('no server runs on this data directory');
  return server;
}
