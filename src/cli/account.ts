// `postern account`: who may submit. Passwords are read from standard input or made here, never from arguments, which others could see.

import type { Command } from 'commander';
import { encodeBase32 } from '../base/base32.ts';
import { parseDuration } from '../base/duration.ts';
import { createAppPassword } from '../identity/app-password.ts';
import {
  addAppPassword,
  addRight,
  createIdentity,
  remove,
  removeRight,
  resume,
  revokeCredential,
  rightFor,
  setLimits,
  setPassword,
  suspend,
} from '../identity/directory.ts';
import { hashPassword } from '../identity/password.ts';
import { systemEntropy } from '../platform/entropy.ts';
import type { Identity, SenderRight } from '../record/identity.ts';
import { canonicalAddress } from '../policy/address.ts';
import { type CommandContext, type ConfigOption, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { changeIdentity, domainsOf, identityOf, valueOf, writeIdentity } from './identities.ts';
import { print, printJson, safe, table, time } from './output.ts';

const entropy = systemEntropy();
const PASSWORD_MIN = 8;
const PAGE = 500;

interface AddOptions extends ConfigOption {
  readonly passwordStdin?: boolean;
  readonly displayName?: string;
  readonly mailbox: boolean;
  readonly json?: boolean;
}

export function accountCommands(program: Command): void {
  const account = program.command('account').description('accounts: who may submit');
  account
    .command('add <login>')
    .description('adds an account; prints an app password, unless a password is given')
    .option('--password-stdin', 'read a password, one line, from standard input')
    .option('--display-name <text>', 'name for people')
    .option('--no-mailbox', 'a service without mailbox: a bare name, or an address that mail to is not accepted for')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account add alice@example.org\n  echo secret | postern account add bob@example.org --password-stdin')
    .action((login: string, options: AddOptions, command: Command) => withStore(command.optsWithGlobals(), (context) => add(context, login, options)));
  account
    .command('list')
    .description('lists all accounts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account list --json')
    .action((options: { json?: boolean }, command: Command) => withStore(command.optsWithGlobals(), (context) => list(context, options)));
  account
    .command('show <login>')
    .description('shows an account: state, rights, credentials with their last use')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account show alice@example.org')
    .action((login: string, options: { json?: boolean }, command: Command) => withStore(command.optsWithGlobals(), (context) => show(context, login, options)));
  passwordCommands(account);
  stateCommands(account);
  rightsCommands(account);
}

async function add(context: CommandContext, login: string, options: AddOptions): Promise<void> {
  const { now } = context;
  const id = encodeBase32(entropy.bytes(10)).toLowerCase();
  const named = options.displayName === undefined ? {} : { displayName: options.displayName };
  const rules = { domains: domainsOf(context), allowReserved: true };
  const bare = valueOf(createIdentity({ id, login, mailbox: options.mailbox, now, ...named }, rules));
  const given = options.passwordStdin === true ? await passwordFromStdin() : undefined;
  const made = given === undefined ? createAppPassword({ label: 'first', now }, entropy) : undefined;
  const changed = made === undefined ? setPassword(bare, await hashPassword(given ?? '', entropy), now) : addAppPassword(bare, made.credential);
  const identity = { ...valueOf(changed), revision: 1 };
  const outcome = await writeIdentity(context, identity, 0, 'add', {});
  if (outcome === 'stale') throw new CommandFailure(`${login} exists already`);
  if (options.json === true) return printJson({ id, login: identity.login, ...(made === undefined ? {} : { appPassword: made.text }) });
  print(`added ${identity.login}`);
  if (made !== undefined) print(`app password (shown once): ${made.text}`);
}

async function passwordFromStdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  const password = Buffer.concat(parts).toString('utf8').split(/\r?\n/)[0] ?? '';
  if (password.length < PASSWORD_MIN) throw new CommandFailure(`a password has at least ${PASSWORD_MIN} characters`);
  return password;
}

async function list(context: CommandContext, { json }: { readonly json?: boolean }): Promise<void> {
  const all: Identity[] = [];
  for (;;) {
    const last = all.at(-1)?.login;
    const page = await context.lookups.identities({ max: PAGE, ...(last === undefined ? {} : { after: last }) });
    all.push(...page);
    if (page.length < PAGE) break;
  }
  if (json === true) return printJson(all.map((identity) => summary(identity)));
  if (all.length === 0) return print('no accounts yet: `postern account add LOGIN`');
  print(table([['LOGIN', 'STATE', 'RIGHTS', 'CREDENTIALS'], ...all.map(({ login, state, rights, credentials }) => [login, state, rights.map(rightText).join(' '), String(credentials.length)])]));
}

function summary({ id, login, displayName, state, mailbox, rights, credentials, limits, createdAt, removedAt }: Identity) {
  const shown = credentials.map(({ id: credentialId, kind, label, createdAt: since, expiresAt }) => ({ id: credentialId, kind, label, since, expiresAt }));
  return { id, login, displayName, state, mailbox, rights: rights.map(rightText), credentials: shown, limits, createdAt, removedAt };
}

function rightText(right: SenderRight): string {
  return right.kind === 'domain' ? `@${right.domain}` : right.address;
}

async function show(context: CommandContext, login: string, { json }: { readonly json?: boolean }): Promise<void> {
  const identity = await identityOf(context, login);
  const uses = await context.lookups.credentialUses(identity.id);
  if (json === true) return printJson({ ...summary(identity), uses });
  print(`${identity.login}  ${identity.state}${identity.mailbox ? '' : '  (no mailbox)'}`);
  print(`id       ${identity.id}`);
  print(`created  ${time(identity.createdAt)}`);
  print(`rights   ${identity.rights.map((right) => `${rightText(right)}${right.kind === 'granted' ? ' (granted)' : ''}`).join(', ') || 'none'}`);
  for (const { id, kind, label, expiresAt } of identity.credentials) {
    const last = uses.find(({ credentialId }) => credentialId === id);
    const used = last === undefined ? 'never used' : `last used ${time(last.at)} from ${last.address}`;
    print(`${kind === 'password' ? 'password' : `app password ${id}`}  ${safe(label)}  ${used}${expiresAt === undefined ? '' : `  expires ${time(expiresAt)}`}`);
  }
}

function passwordCommands(account: Command): void {
  account
    .command('password <login>')
    .description('sets the password from standard input, one line')
    .option('--stdin', 'read it from standard input (the only way; arguments can be seen by others)')
    .addHelpText('after', '\nExample:\n  postern account password alice@example.org < secret.txt')
    .action((login: string, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const phc = await hashPassword(await passwordFromStdin(), entropy);
        const { login: changed } = await changeIdentity(context, login, 'password', {}, (identity) => setPassword(identity, phc, context.now));
        print(`password of ${changed} set`);
      }),
    );
  const app = account.command('app-password').description('app passwords, one for each device');
  app
    .command('add <login>')
    .description('makes an app password and prints it, once')
    .requiredOption('--label <text>', 'which device it is for')
    .option('--expires <duration>', 'e.g. 90d')
    .addHelpText('after', '\nExample:\n  postern account app-password add alice@example.org --label phone --expires 365d')
    .action((login: string, options: { label: string; expires?: string }, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const lifetime = options.expires === undefined ? undefined : parseDuration(options.expires);
        if (options.expires !== undefined && lifetime === undefined) throw new CommandFailure(`"${options.expires}" is no duration such as 90d`, 2);
        const expiry = lifetime === undefined ? {} : { expiresAt: context.now + lifetime };
        const made = createAppPassword({ label: options.label, now: context.now, ...expiry }, entropy);
        await changeIdentity(context, login, 'app-password add', { label: options.label }, (identity) => addAppPassword(identity, made.credential));
        print(`app password (shown once): ${made.text}`);
      }),
    );
  app
    .command('revoke <login> <id-or-label>')
    .description('revokes an app password at once')
    .addHelpText('after', '\nExample:\n  postern account app-password revoke alice@example.org phone')
    .action((login: string, which: string, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        await changeIdentity(context, login, 'app-password revoke', { credential: which }, (identity) => revokeCredential(identity, which));
        print(`revoked ${which} of ${login}`);
      }),
    );
}

function stateCommands(account: Command): void {
  const changes = [
    ['suspend', 'submits nothing from now on; open sessions are cut, its queue is held', suspend],
    ['resume', 'may submit again; its queue goes on', resume],
  ] as const;
  for (const [name, description, change] of changes) {
    account
      .command(`${name} <login>`)
      .description(description)
      .addHelpText('after', `\nExample:\n  postern account ${name} alice@example.org`)
      .action((login: string, _: object, command: Command) =>
        withStore(command.optsWithGlobals(), async (context) => {
          const identity = await changeIdentity(context, login, name, {}, change);
          print(`${identity.login} is ${identity.state}`);
        }),
      );
  }
  account
    .command('remove <login>')
    .description('removes it; its mail is still traced, and its addresses stay taken, until retention ends')
    .addHelpText('after', '\nExample:\n  postern account remove alice@example.org')
    .action((login: string, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const identity = await changeIdentity(context, login, 'remove', {}, (before) => remove(before, context.now));
        print(`${identity.login} is removed`);
      }),
    );
  account
    .command('limit <login> <name> <value>')
    .description('own limit: messagesPerHour, recipientsPerHour or nullSenderPerHour; a number, none or default')
    .addHelpText('after', '\nExample:\n  postern account limit newsletter@example.org recipientsPerHour 20000')
    .action((login: string, name: string, value: string, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        if (!['messagesPerHour', 'recipientsPerHour', 'nullSenderPerHour'].includes(name)) throw new CommandFailure(`there is no limit ${name}`, 2);
        const given = value === 'none' || value === 'default' ? value : Number(value);
        await changeIdentity(context, login, 'limit', { name, value }, (identity) => setLimits(identity, { [name]: given }));
        print(`${name} of ${login} is ${value}`);
      }),
    );
}

function rightsCommands(account: Command): void {
  account
    .command('rights <login> <action> [right]')
    .description('sender rights: list, add or remove ADDRESS or @DOMAIN')
    .addHelpText('after', '\nExample:\n  postern account rights alice@example.org add sales@example.org')
    .action((login: string, action: string, right: string | undefined, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => rights(context, login, action, right)),
    );
}

async function rights(context: CommandContext, login: string, action: string, text: string | undefined): Promise<void> {
  if (action === 'list') {
    const identity = await identityOf(context, login);
    for (const right of identity.rights) print(`${rightText(right)}  ${right.kind}`);
    return;
  }
  if ((action !== 'add' && action !== 'remove') || text === undefined) {
    throw new CommandFailure('say `account rights LOGIN list`, `… add ADDRESS|@DOMAIN` or `… remove ADDRESS|@DOMAIN`', 2);
  }
  const owner = text.startsWith('@') ? undefined : await context.lookups.identityByAddress(canonicalAddress(text) ?? text);
  const rules = { domains: domainsOf(context), allowReserved: true };
  const identity = await changeIdentity(context, login, `rights ${action}`, { right: text }, (before) => {
    if (action === 'remove') return removeRight(before, text);
    const right = rightFor(before, text, owner, rules);
    return right.ok ? addRight(before, right.value) : right;
  });
  print(`${identity.login} may send as ${identity.rights.map(rightText).join(', ')}`);
}
