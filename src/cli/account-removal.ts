// `postern account remove` and `restore`: what a removal means is shown before it is done, and it can be taken back until retention ends.

import type { Command } from 'commander';
import type { LeftAddress, RemovalMeans } from '../administration/removal.ts';
import { time } from '../base/time.ts';
import { confirm } from './confirm.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';
import { rightText } from '../administration/right-text.ts';

interface RemoveOptions {
  readonly yes?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

export function removalCommands(account: Command): void {
  account
    .command('remove <login>')
    .description('removes it, after telling what that means; `suspend` is the way to stop it for a while')
    .option('--yes', 'do not ask')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account remove alice@example.org\n  postern account remove alice@example.org --yes --json',
    )
    .action((login: string, options: RemoveOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => removeAccount(context, login, options)),
    );
  account
    .command('restore <login>')
    .description('brings a removed account back, until retention ends; it needs a new password')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account restore alice@example.org')
    .action((login: string, options: RemoveOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => restore(context, login, options)),
    );
}

async function restore(
  { administration }: CommandContext,
  named: string,
  { json, reason }: RemoveOptions,
): Promise<void> {
  const restored = await administration(reason).restoreAccount({ login: named });
  const { login, state, addresses } = restored;
  const rights = restored.rights.map(rightText);
  if (json === true) return printJson({ login, state, rights });
  print(`${login} is ${state} again, with the rights and limits that it had`);
  // The operator should look at its sender addresses: others may have got the shared ones meanwhile.
  if (rights.length > 0) print(`it may send as ${rights.join(', ')}`);
  for (const { address, others } of addresses)
    if (others.length > 0)
      print(
        `${address} is shared with ${others.join(', ')}: \`postern account rights ${login} remove ${address}\` takes it away from ${login}`,
      );
  print(
    `it has no password: \`postern account app-password add ${login} --label NAME\` makes one, \`account password ${login}\` sets one`,
  );
}

async function removeAccount(
  { administration }: CommandContext,
  named: string,
  options: RemoveOptions,
): Promise<void> {
  // What can't be done is refused before anything is asked or changed.
  const means = await administration().removalMeans({ login: named });
  if (options.yes !== true) {
    if (!process.stdin.isTTY)
      throw new CommandFailure(
        `removing ${means.login} is for good once retention ends: say --yes, or stop it with \`postern account suspend ${means.login}\``,
        2,
      );
    tellBefore(means);
    await confirm(`remove ${means.login}?`);
  }
  const removed = await administration(options.reason).removeAccount({ login: named });
  const { login, state, addresses, restorableUntil } = removed;
  if (options.json === true) return printJson({ login, state, addresses, restorableUntil });
  print(
    `${login} is removed; until ${time(restorableUntil)} \`postern account restore ${login}\` brings it back`,
  );
  for (const line of addresses.map((one) => fateOf(one))) print(line);
}

function tellBefore({ login, credentials, queued, addresses, restorableUntil }: RemovalMeans): void {
  print(`If ${login} is removed:`);
  print(`  it submits nothing, its sessions are cut, its ${credentials} credentials are gone for good`);
  if (login.includes('@')) print(`  mail to ${login} is refused with 550, and nobody else gets the address`);
  for (const one of addresses) print(`  ${fateOf(one)}`);
  if (queued > 0) print(`  ${queued} recipients of its mail are in the queue: they are held`);
  print(`  what it sent is still traced, and it can be restored, until ${time(restorableUntil)}`);
  print(`To stop it for a while: \`postern account suspend ${login}\` keeps all of this.`);
}

function fateOf({ address, others }: LeftAddress): string {
  return others.length === 0
    ? `${address}: nobody else has it, so mail to it is refused until somebody gets it: \`postern account rights LOGIN add ${address}\``
    : `${address} stays with ${others.join(', ')}`;
}
