// `postern account`: who may submit. Passwords are read from standard input or made here, never from arguments, which others could see.

import type { Command } from 'commander';
import { encodeBase32 } from '../base/base32.ts';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import { time } from '../base/time.ts';
import { createAppPassword } from '../identity/app-password.ts';
import { addAppPassword, setPassword } from '../identity/credential-changes.ts';
import { createIdentity } from '../identity/directory.ts';
import { hashPassword } from '../identity/password.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { enabledCredentials, type Identity } from '../record/identity.ts';
import { passwordCommands, rightsCommands, stateCommands } from './account-changes.ts';
import { removalCommands } from './account-removal.ts';
import { type CommandContext, type ConfigOption, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import {
  credentialDetail,
  domainsOf,
  everybody,
  identityOf,
  rightText,
  takenWords,
  valueOf,
  writeIdentity,
} from './identities.ts';
import { print, printJson } from './output.ts';
import { readNewPassword } from './password-input.ts';

const entropy = systemEntropy();

interface AddOptions extends ConfigOption {
  readonly passwordStdin?: boolean;
  readonly displayName?: string;
  readonly mailbox: boolean;
  readonly json?: boolean;
}

export function accountCommands(program: Command): void {
  const account = program
    .command('account')
    .description('accounts: who may submit')
    .addHelpText('after', '\nExample:\n  postern account add alice@example.org');
  account
    .command('add <login>')
    .description('adds an account; prints an app password, unless a password is given')
    .option('--password-stdin', 'read a password: typed on a terminal, else one line of standard input')
    .option('--display-name <text>', 'name for people')
    .option(
      '--no-mailbox',
      'a service without mailbox: a bare name, or an address that mail to is not accepted for',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account add alice@example.org\n  echo secret | postern account add bob@example.org --password-stdin',
    )
    .action((login: string, options: AddOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => add(context, login, options), { makes: true }),
    );
  account
    .command('list')
    .description('lists all accounts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account list --json')
    .action((options: { json?: boolean }, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => list(context, options)),
    );
  account
    .command('show <login>')
    .description('shows an account: state, rights, credentials with their last use')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account show alice@example.org')
    .action((login: string, options: { json?: boolean }, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => show(context, login, options)),
    );
  passwordCommands(account);
  stateCommands(account);
  removalCommands(account);
  rightsCommands(account);
}

async function add(context: CommandContext, login: string, options: AddOptions): Promise<void> {
  const { now } = context;
  const id = encodeBase32(entropy.bytes(10)).toLowerCase();
  const named = options.displayName === undefined ? {} : { displayName: options.displayName };
  const rules = { domains: domainsOf(context), allowReserved: true };
  const bare = valueOf(createIdentity({ id, login, mailbox: options.mailbox, now, ...named }, rules));
  // Before a password is asked for.
  await refuseTaken(context, bare);
  const given = options.passwordStdin === true ? await readNewPassword(login) : undefined;
  const made = given === undefined ? createAppPassword({ label: 'first', now }, entropy) : undefined;
  const changed =
    made === undefined
      ? setPassword(bare, await hashPassword(given ?? '', entropy), now)
      : addAppPassword(bare, made.credential);
  const identity = { ...valueOf(changed), revision: 1 };
  const detail = made === undefined ? {} : credentialDetail(made.credential);
  const outcome = await writeIdentity(context, identity, 0, 'add', detail);
  if (outcome === 'stale') throw new CommandFailure(`${login} exists already`);
  if (options.json === true)
    return printJson({
      id,
      login: identity.login,
      ...(made === undefined ? {} : { appPassword: made.text }),
    });
  print(`added ${identity.login}`);
  if (made !== undefined) print(`app password (shown once): ${made.text}`);
}

/** The address of a removed account goes to nobody else early, but that one can come back. */
async function refuseTaken(context: CommandContext, bare: Identity): Promise<void> {
  const [before] = await context.lookups.identitiesByAddress(bare.login);
  if (before?.login === bare.login && before.state === 'removed')
    throw new CommandFailure(
      `${bare.login} was removed${before.removedAt === undefined ? '' : ` ${time(before.removedAt)}`}; \`postern account restore ${bare.login}\` brings it back, and the login is free when retention ends`,
    );
  if (before !== undefined) throw new CommandFailure(await takenWords(context, bare, bare.login));
}

async function list(context: CommandContext, { json }: { readonly json?: boolean }): Promise<void> {
  const all = await everybody(context.lookups);
  if (json === true) return printJson(all.map((identity) => summary(identity)));
  if (all.length === 0) return print('no accounts yet: `postern account add LOGIN`');
  print(
    table([
      ['LOGIN', 'STATE', 'RIGHTS', 'CREDENTIALS'],
      ...all.map((identity) => [
        identity.login,
        identity.state,
        identity.rights.map(rightText).join(' '),
        String(enabledCredentials(identity).length),
      ]),
    ]),
  );
}

function summary({
  id,
  login,
  displayName,
  state,
  mailbox,
  rights,
  credentials,
  limits,
  createdAt,
  removedAt,
}: Identity) {
  const shown = credentials.map(
    ({ id: credentialId, kind, label, createdAt: since, expiresAt, disabled }) => ({
      id: credentialId,
      kind,
      label,
      since,
      expiresAt,
      disabled,
    }),
  );
  return {
    id,
    login,
    displayName,
    state,
    mailbox,
    rights: rights.map(rightText),
    credentials: shown,
    limits,
    createdAt,
    removedAt,
  };
}

async function show(
  context: CommandContext,
  login: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const identity = await identityOf(context, login);
  const uses = await context.lookups.credentialUses(identity.id);
  const limits = effectiveLimits(context, identity);
  if (json === true) return printJson({ ...summary(identity), effectiveLimits: limits, uses });
  print(`${identity.login}  ${identity.state}${identity.mailbox ? '' : '  (no mailbox)'}`);
  if (identity.displayName !== undefined) print(`name     ${safe(identity.displayName)}`);
  print(`id       ${identity.id}`);
  print(`created  ${time(identity.createdAt)}`);
  if (identity.removedAt !== undefined) print(`removed  ${time(identity.removedAt)}`);
  print(
    `rights   ${identity.rights.map((right) => `${rightText(right)}${right.kind === 'granted' ? ' (granted)' : ''}`).join(', ') || 'none'}`,
  );
  for (const [name, value] of Object.entries(limits))
    print(`limit    ${name} ${value}${Object.hasOwn(identity.limits, name) ? ' (own)' : ''}`);
  for (const { id, kind, label, expiresAt, disabled } of identity.credentials) {
    const last = uses.find(({ credentialId }) => credentialId === id);
    const used = last === undefined ? 'never used' : `last used ${time(last.at)} from ${last.address}`;
    print(
      `${kind === 'password' ? 'password' : `app password ${id}`}  ${safe(label)}  ${used}${expiresAt === undefined ? '' : `  expires ${time(expiresAt)}`}${disabled === undefined ? '' : `  revoked ${time(disabled.at)} by ${safe(disabled.by)}`}`,
    );
  }
}

/** Its own limits, and the configured ones where it has none. */
function effectiveLimits({ loaded }: CommandContext, { limits: own }: Identity) {
  const { messagesPerHour, recipientsPerHour, nullSenderPerHour } = loaded.config.limits.identity;
  return { messagesPerHour, recipientsPerHour, nullSenderPerHour, ...own };
}
