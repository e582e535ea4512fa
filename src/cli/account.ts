// `postern account`: who may submit. Passwords are read from standard input or made here, never from arguments, which others could see.

import type { Command } from 'commander';
import { accountJson } from '../administration/account-json.ts';
import type { Account, AccountPart, ShownAccount } from '../administration/accounts.ts';
import type { Administration } from '../administration/use-cases.ts';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import { time } from '../base/time.ts';
import { isSecondFactor } from '../identity/second-factor-changes.ts';
import { passwordCommands, rightsCommands, stateCommands, undoCommand } from './account-changes.ts';
import { removalCommands } from './account-removal.ts';
import { roleCommand } from './account-role.ts';
import { secondFactorCommand } from './account-second-factor.ts';
import { type CommandContext, type ConfigOption, withStore } from './context.ts';
import { reasonHelp } from './option-rows.ts';
import type { IdentityState } from '../record/identity.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { readNewPassword } from './password-input.ts';
import { rightText } from '../administration/right-text.ts';

interface AddOptions extends ConfigOption {
  readonly passwordStdin?: boolean;
  readonly displayName?: string;
  readonly mailbox: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

interface ListOptions extends ConfigOption, Pick<AccountPart, 'domain' | 'prefix'> {
  readonly state?: string;
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
    .option('--reason <text>', reasonHelp)
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
    .description('lists accounts: all, or those that match')
    .option('--domain <domain>', 'of this domain')
    .option('--prefix <text>', 'whose logins begin with this')
    .option('--state <state>', 'active, suspended or removed')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account list --domain example.org --state suspended')
    .action((options: ListOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => list(context, options)),
    );
  account
    .command('show <login>')
    .description(
      'shows an account: state, rights, credentials with their last use (noted once a day for each network)',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account show alice@example.org')
    .action((login: string, options: { json?: boolean }, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => show(context, login, options)),
    );
  passwordCommands(account);
  stateCommands(account);
  undoCommand(account);
  removalCommands(account);
  rightsCommands(account);
  roleCommand(account);
  secondFactorCommand(account);
}

async function add(
  { administration }: CommandContext,
  named: string,
  { mailbox, displayName, passwordStdin, reason, json }: AddOptions,
): Promise<void> {
  const name = displayName === undefined ? {} : { displayName };
  const account = { login: named, mailbox, allowReserved: true, ...name };
  // Before a password is asked for.
  await administration().assertCanAddAccount(account);
  const given = passwordStdin === true ? { password: await readNewPassword(named) } : {};
  const { id, login, appPassword } = await administration(reason).addAccount({ ...account, ...given });
  if (json === true) return printJson({ id, login, ...(appPassword === undefined ? {} : { appPassword }) });
  print(`added ${login}`);
  if (appPassword !== undefined) print(`app password (shown once): ${appPassword}`);
}

async function list(
  { administration }: CommandContext,
  { json, config: _config, state, ...named }: ListOptions,
): Promise<void> {
  const part = { ...named, ...(state === undefined ? {} : { state: stateNamed(state) }) };
  const all = await accountsOf(administration(), part);
  if (json === true) return printJson(all.map(accountJson));
  if (all.length === 0)
    return print(
      Object.keys(part).length === 0 ? 'no accounts yet: `postern account add LOGIN`' : 'no account matches',
    );
  print(
    table([
      ['LOGIN', 'STATE', 'RIGHTS', 'CREDENTIALS'],
      ...all.map((identity) => [
        identity.login,
        identity.state,
        identity.rights.map(rightText).join(' '),
        String(identity.credentials.filter(({ disabled }) => disabled === undefined).length),
      ]),
    ]),
  );
}

const PAGE = 500;

async function accountsOf(
  administration: Pick<Administration, 'pageAccounts'>,
  part: AccountPart,
): Promise<readonly Account[]> {
  const all: Account[] = [];
  for (let after: string | undefined, isLast = false; !isLast;) {
    const page = await administration.pageAccounts({
      ...{ part, max: PAGE },
      ...(after === undefined ? {} : { after }),
    });
    all.push(...page.accounts);
    after = page.next;
    isLast = after === undefined;
  }
  return all;
}

function stateNamed(text: string): IdentityState {
  const state = (['active', 'suspended', 'removed'] as const).find((known) => known === text);
  if (state === undefined) throw new CommandFailure('--state is active, suspended or removed', 2);
  return state;
}

const kindText = {
  password: () => 'password',
  appPassword: (id: string) => `app password ${id}`,
  token: (id: string) => `token ${id}`,
  totp: () => 'second factor',
  passkey: (id: string) => `passkey ${id}`,
  recoveryCode: () => 'second factor',
} as const;

const usedText = (uses: ShownAccount['limitUse'], name: string): string => {
  const use = uses.find((one) => one.name === name);
  return use === undefined ? '' : `  ${use.used} used`;
};

async function show(
  { administration }: CommandContext,
  login: string,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const { account: identity, limits, uses, limitUse } = await administration().showAccount({ login });
  if (json === true) return printJson({ ...accountJson(identity), effectiveLimits: limits, limitUse, uses });
  print(`${identity.login}  ${identity.state}${identity.mailbox ? '' : '  (no mailbox)'}`);
  if (identity.displayName !== undefined) print(`name     ${safe(identity.displayName)}`);
  print(`id       ${identity.id}`);
  print(`created  ${time(identity.createdAt)}`);
  if (identity.role !== undefined)
    print(
      `role     ${identity.role}${identity.adminOf === undefined ? '' : ` of ${identity.adminOf.join(', ')}`}`,
    );
  if (identity.removedAt !== undefined) print(`removed  ${time(identity.removedAt)}`);
  print(
    `rights   ${identity.rights.map((right) => `${rightText(right)}${right.kind === 'granted' ? ' (granted)' : ''}`).join(', ') || 'none'}`,
  );
  if (identity.undoSeconds !== undefined) print(`undo     ${identity.undoSeconds} s before its mail leaves`);
  for (const [name, value] of Object.entries(limits))
    print(
      `limit    ${name} ${value}${Object.hasOwn(identity.limits, name) ? ' (own)' : ''}${usedText(limitUse, name)}`,
    );
  for (const { id, kind, label, expiresAt, disabled } of identity.credentials) {
    const last = uses.find(({ credentialId }) => credentialId === id);
    const used = last === undefined ? '  never used' : `  last used ${time(last.at)} from ${last.address}`;
    print(
      `${kindText[kind](id)}  ${safe(label)}${isSecondFactor({ kind }) ? '' : used}${expiresAt === undefined ? '' : `  expires ${time(expiresAt)}`}${disabled === undefined ? '' : `  revoked ${time(disabled.at)} by ${safe(disabled.by)}`}`,
    );
  }
}
