// `postern account remove` and `restore`: what a removal means is shown before it is done, and it can be taken back until retention ends.

import type { Command } from 'commander';
import { time } from '../base/time.ts';
import { addRight, remove, restore } from '../identity/directory.ts';
import { enabledCredentials, type Identity } from '../record/identity.ts';
import { confirm } from './confirm.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { changeIdentity, everybody, identityOf, rightText, valueOf } from './identities.ts';
import { print, printJson } from './output.ts';

interface RemoveOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function removalCommands(account: Command): void {
  account
    .command('remove <login>')
    .description('removes it, after telling what that means; `suspend` is the way to stop it for a while')
    .option('--yes', 'do not ask')
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
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account restore alice@example.org')
    .action((login: string, options: { json?: boolean }, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const identity = await changeIdentity(context, login, 'restore', {}, restore);
        const { login: restored, state } = identity;
        if (options.json === true)
          return printJson({ login: restored, state, rights: identity.rights.map(rightText) });
        print(`${restored} is ${state} again, with the rights and limits that it had`);
        await tellRights(context, identity);
        print(
          `it has no password: \`postern account app-password add ${restored} --label NAME\` makes one, \`account password ${restored}\` sets one`,
        );
      }),
    );
}

/** The operator should look at its sender addresses: others may have got the shared ones meanwhile. */
async function tellRights(context: CommandContext, identity: Identity): Promise<void> {
  if (identity.rights.length === 0) return;
  print(`it may send as ${identity.rights.map(rightText).join(', ')}`);
  for (const { address, others } of await addressesOf(context, identity))
    if (others.length > 0)
      print(
        `${address} is shared with ${others.join(', ')}: \`postern account rights ${identity.login} remove ${address}\` takes it away from ${identity.login}`,
      );
}

/** What becomes of an address that goes with the account. */
interface Address {
  readonly address: string;
  /** Logins of others that have it, or were granted it. */
  readonly others: readonly string[];
}

async function removeAccount(context: CommandContext, login: string, options: RemoveOptions): Promise<void> {
  const identity = await identityOf(context, login);
  // What can't be done is refused before anything is asked or changed.
  valueOf(remove(identity, context.now));
  const addresses = await addressesOf(context, identity);
  const restorableUntil = context.now + context.loaded.config.audit.retention;
  if (options.yes !== true) {
    if (!process.stdin.isTTY)
      throw new CommandFailure(
        `removing ${identity.login} is for good once retention ends: say --yes, or stop it with \`postern account suspend ${identity.login}\``,
        2,
      );
    await tellBefore(context, identity, addresses, restorableUntil);
    await confirm(`remove ${identity.login}?`);
  }
  for (const { others, address } of addresses) await handOver(context, others, address);
  const removed = await changeIdentity(context, login, 'remove', {}, (before) => remove(before, context.now));
  if (options.json === true)
    return printJson({ login: removed.login, state: removed.state, addresses, restorableUntil });
  print(
    `${removed.login} is removed; until ${time(restorableUntil)} \`postern account restore ${removed.login}\` brings it back`,
  );
  for (const line of addresses.map((one) => fateOf(one))) print(line);
}

async function addressesOf(
  { lookups }: CommandContext,
  { id, login, rights }: Identity,
): Promise<readonly Address[]> {
  const own = rights.flatMap((right) => (right.kind === 'address' ? [right.address] : []));
  const shared = own.filter((address) => address !== login);
  if (shared.length === 0) return [];
  const all = await everybody(lookups);
  return shared.map((address) => ({
    address,
    others: all
      .filter((one) => one.id !== id && one.state !== 'removed' && one.mailbox)
      .filter((one) => one.rights.some((right) => right.kind !== 'domain' && right.address === address))
      .map((one) => one.login),
  }));
}

async function tellBefore(
  context: CommandContext,
  identity: Identity,
  addresses: readonly Address[],
  restorableUntil: number,
): Promise<void> {
  const { id, login } = identity;
  const queued = await context.lookups.queueCount({ identityId: id });
  print(`If ${login} is removed:`);
  print(
    `  it submits nothing, its sessions are cut, its ${enabledCredentials(identity).length} credentials are gone for good`,
  );
  if (login.includes('@')) print(`  mail to ${login} is refused with 550, and nobody else gets the address`);
  for (const one of addresses) print(`  ${fateOf(one)}`);
  if (queued > 0) print(`  ${queued} recipients of its mail are in the queue: they are held`);
  print(`  what it sent is still traced, and it can be restored, until ${time(restorableUntil)}`);
  print(`To stop it for a while: \`postern account suspend ${login}\` keeps all of this.`);
}

function fateOf({ address, others }: Address): string {
  return others.length === 0
    ? `${address}: nobody else has it, so mail to it is refused until somebody gets it: \`postern account rights LOGIN add ${address}\``
    : `${address} stays with ${others.join(', ')}`;
}

/** A grantee of an address that the removed account owned, as older versions had it, owns it from now on. */
async function handOver(context: CommandContext, others: readonly string[], address: string): Promise<void> {
  for (const login of others) {
    const identity = await identityOf(context, login);
    const isGranted = identity.rights.some((right) => right.kind === 'granted' && right.address === address);
    if (!isGranted) continue;
    await changeIdentity(context, login, 'rights add', { right: address }, (before) =>
      addRight(before, { kind: 'address', address }),
    );
  }
}
