// `postern reload`, and how a command finds the server that only it can ask.

import type { Command } from 'commander';
import { findConfig } from '../config/find.ts';
import { dataDirectoryIn, loadConfig } from '../config/load.ts';
import { connectControl, type ControlClient } from '../http/control-client.ts';
import type { ConfigOption } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print } from './output.ts';

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
}

/** Of a file that is broken too: then above all one wants to ask. */
export async function running(option: ConfigOption): Promise<ControlClient> {
  const file = findConfig(option.config, process.env);
  const data = dataDirectoryIn(file);
  const server = await connectControl(data);
  if (server !== undefined) return server;
  // Where it was looked for is the word of a file that may be wrong.
  loadConfig(file);
  throw new CommandFailure(`no server runs on this data directory (${data})`);
}
