// `postern console link`: lets its caller into the console of the running server.

import type { Command } from 'commander';
import type { ConfigOption } from './context.ts';
import { print, printJson } from './output.ts';
import { running } from './reload.ts';

export function consoleCommands(program: Command): void {
  const group = program
    .command('console')
    .description('the web console: a link that lets you in')
    .addHelpText('after', '\nExample:\n  postern console link');
  group
    .command('link [login]')
    .description('prints a link that opens the console, once, within ten minutes')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Who opens it is signed in as the user of the operating system who called this command, as an admin: what is done there is recorded under that name.
With a login: as this account, with its role, without its password and second factor. So somebody signs in for the first time, and gets back in.
A console on loopback, from elsewhere: ssh -L 8588:127.0.0.1:8588 HOST, then open the link on your own machine.

Examples:
  postern console link
  postern console link alice@example.org
  sudo -u postern postern console link -c /etc/postern/postern.yaml`,
    )
    .action(async (login: string | undefined, options: { readonly json?: boolean }, command: Command) => {
      const server = await running(command.optsWithGlobals<ConfigOption>());
      const link = await server.consoleLink(login);
      if (options.json === true) printJson({ link });
      else print(link);
    });
}
