// `postern account …`: what is done to an account that exists: passwords, state, limits, undo window, sender rights.

import type { Command } from 'commander';
import { accountLimits } from '../administration/account-state.ts';
import type { AccountRights, SharedAddress } from '../administration/rights.ts';
import { parseDuration } from '../base/duration.ts';
import { safe } from '../base/safe-text.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumber } from './number.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';
import { readNewPassword } from './password-input.ts';
import { rightText } from '../administration/right-text.ts';

interface AppPasswordOptions extends JsonOption {
  readonly label: string;
  readonly expires?: string;
}

interface JsonOption {
  readonly json?: boolean;
  readonly reason?: string;
}

interface PasswordOptions extends JsonOption {
  readonly revoke?: boolean;
}

interface RevokeOptions extends JsonOption {
  readonly all?: boolean;
}

/** What came of a change, for a program or for a person. */
function tell(json: boolean | undefined, value: object, text: string): void {
  if (json === true) printJson(value);
  else print(text);
}

/** `phone (4Q7WJ2ZK)`: mail is found by the id, and a person knows the label. */
function credentialText({
  id,
  kind,
  label,
}: {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
}): string {
  return kind === 'password' ? id : `${safe(label)} (${id})`;
}

export function passwordCommands(account: Command): void {
  account
    .command('password <login>')
    .description('sets the password: asked for twice on a terminal, else one line of standard input')
    .option('--revoke', 'revokes it instead: nobody logs in with it until another is set')
    .option('--stdin', 'the password is never an argument, which others can see; this option changes nothing')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern account password alice@example.org\n  postern account password alice@example.org < secret.txt\n  postern account password alice@example.org --revoke',
    )
    .action((login: string, { json, reason, revoke }: PasswordOptions, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        if (revoke === true) {
          const { login: revoked } = await administration(reason).revokePassword({ login });
          tell(json, { login: revoked, revoked: 'password' }, `revoked password of ${revoked}`);
          return;
        }
        // What can't be done is refused before anything is asked.
        await administration().assertCanSetPassword({ login });
        const password = await readNewPassword(login);
        const { login: changed } = await administration(reason).setPassword({ login, password });
        tell(json, { login: changed, credential: 'password' }, `password of ${changed} set`);
      }),
    );
  appPasswordCommands(account);
}

function appPasswordCommands(account: Command): void {
  const app = account
    .command('app-password')
    .description('app passwords, one for each device')
    .addHelpText('after', '\nExample:\n  postern account app-password add alice@example.org --label phone');
  addCommand(app);
  revokeCommand(app);
}

function addCommand(app: Command): void {
  app
    .command('add <login>')
    .description('makes an app password and prints it, once')
    .requiredOption('--label <text>', 'which device it is for')
    .option('--expires <duration>', 'e.g. 90d')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account app-password add alice@example.org --label phone --expires 365d',
    )
    .action((login: string, options: AppPasswordOptions, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        const lifetime = options.expires === undefined ? undefined : parseDuration(options.expires);
        if (options.expires !== undefined && lifetime === undefined)
          throw new CommandFailure(`"${options.expires}" is no duration such as 90d`, 2);
        const { login: changed, ...added } = await administration(options.reason).addAppPassword({
          ...{ login, label: options.label },
          ...(lifetime === undefined ? {} : { lifetimeMs: lifetime }),
        });
        const named = credentialText({ ...added, kind: 'appPassword' });
        tell(
          options.json,
          added,
          `added ${named} of ${changed}\napp password (shown once): ${added.appPassword}`,
        );
      }),
    );
}

function revokeCommand(app: Command): void {
  app
    .command('revoke <login> [id-or-label]')
    .description('revokes an app password at once, or all of them')
    .option('--all', 'all app passwords of the account')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account app-password revoke alice@example.org phone\n  postern account app-password revoke alice@example.org --all',
    )
    .action((login: string, which: string | undefined, options: RevokeOptions, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        const { json, reason, all } = options;
        if ((which === undefined) === (all !== true))
          throw new CommandFailure('name the app password by its id or its label, or --all', 2);
        if (which === undefined) {
          const gone = await administration(reason).revokeAppPasswords({ login });
          const words = gone.revoked.map((one) => credentialText({ ...one, kind: 'appPassword' }));
          tell(json, gone, `revoked ${words.join(', ')} of ${gone.login}`);
          return;
        }
        const revoked = await administration(reason).revokeAppPassword({ login, which });
        const { login: changed, id, label } = revoked;
        tell(
          json,
          { login: changed, revoked: id, label },
          `revoked ${credentialText(revoked)} of ${changed}`,
        );
      }),
    );
}

export function stateCommands(account: Command): void {
  const changes = [
    ['suspend', 'submits nothing from now on; open sessions are cut, its queue is held', 'suspendAccount'],
    ['resume', 'may submit again; its queue goes on', 'resumeAccount'],
  ] as const;
  for (const [name, description, change] of changes) {
    account
      .command(`${name} <login>`)
      .description(description)
      .option('--reason <text>', reasonHelp)
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  postern account ${name} alice@example.org`)
      .action((called: string, { json, reason }: JsonOption, command: Command) =>
        withStore(command.optsWithGlobals(), async ({ administration }) => {
          const { login, state } = await administration(reason)[change]({ login: called });
          tell(json, { login, state }, `${login} is ${state}`);
        }),
      );
  }
  account
    .command('limit <login> <name> <value>')
    .description(
      'own limit: messagesPerHour, recipientsPerHour or nullSenderPerHour; a number, none or default',
    )
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account limit newsletter@example.org recipientsPerHour 20000',
    )
    .action((called: string, name: string, value: string, { json, reason }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        if (!accountLimits.some((known) => known === name))
          throw new CommandFailure(`there is no limit ${name}: it is one of ${accountLimits.join(', ')}`, 2);
        const given = value === 'none' || value === 'default' ? value : wholeNumber(value, name);
        const { login, limits } = await administration(reason).limitAccount({
          ...{ login: called, name },
          value: given,
        });
        tell(json, { login, limits }, `${name} of ${login} is ${value}`);
      }),
    );
}

export function undoCommand(account: Command): void {
  account
    .command('undo-window <login> <duration>')
    .description('how long its mail waits before it leaves, so that its person can take it back: 0s to 60s')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account undo-window alice@example.org 10s')
    .action((called: string, duration: string, { json, reason }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        const ms = parseDuration(duration);
        if (ms === undefined) throw new CommandFailure(`"${duration}" is no duration such as 10s`, 2);
        const { login, undoSeconds } = await administration(reason).setUndoWindow({
          login: called,
          undoSeconds: ms / 1000,
        });
        const words = undoSeconds === 0 ? 'leaves at once' : `waits ${undoSeconds} s before it leaves`;
        tell(json, { login, undoSeconds }, `what ${login} sends ${words}`);
      }),
    );
}

export function rightsCommands(account: Command): void {
  account
    .command('rights <login> <action> [right]')
    .description('sender rights: list, add or remove ADDRESS or @DOMAIN')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account rights alice@example.org add sales@example.org')
    .action(
      (login: string, action: string, right: string | undefined, options: JsonOption, command: Command) =>
        withStore(command.optsWithGlobals(), (context) => rights(context, login, [action, right], options)),
    );
}

async function rights(
  { administration }: CommandContext,
  login: string,
  [action, right]: readonly [action: string, right: string | undefined],
  { json, reason }: JsonOption,
): Promise<void> {
  if (action === 'list') {
    const found = await administration().accountRights({ login });
    if (json === true) return printJson(rightsJson(found));
    for (const one of found.rights) print(`${rightText(one)}  ${one.kind}`);
    return;
  }
  if ((action !== 'add' && action !== 'remove') || right === undefined) {
    throw new CommandFailure(
      'say `account rights LOGIN list`, `… add ADDRESS|@DOMAIN` or `… remove ADDRESS|@DOMAIN`',
      2,
    );
  }
  const changed = await administration(reason).changeRight({ login, action, right });
  if (json === true) return printJson(rightsJson(changed));
  const all = changed.rights.map(rightText).join(', ') || 'nobody';
  print(
    changed.state === 'removed'
      ? `${changed.login} is removed; restored it would send as ${all}`
      : `${changed.login} may send as ${all}`,
  );
  if (changed.shared !== undefined) tellOthers(changed.shared);
}

function rightsJson({ login, rights: all }: AccountRights) {
  return { login, rights: all.map((right) => ({ kind: right.kind, right: rightText(right) })) };
}

/** An address belongs to the domain: who else has it, and who had it, is worth knowing. */
function tellOthers({ address, others, removed, isMailbox }: SharedAddress): void {
  if (others.length > 0) print(`${address} is shared with ${others.join(', ')}`);
  for (const login of removed) print(`${address} was an address of ${login} until that was removed`);
  if (!isMailbox) print(`nobody has ${address} as a mailbox: mail to it is refused`);
}
