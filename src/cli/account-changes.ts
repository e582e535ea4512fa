// `postern account …`: what is done to an account that exists: passwords, state, limits, sender rights.

import type { Command } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { safe } from '../base/safe-text.ts';
import { createAppPassword } from '../identity/app-password.ts';
import {
  addAppPassword,
  credentialToRevoke,
  revokeCredential,
  setPassword,
} from '../identity/credential-changes.ts';
import { addRight, removeRight, resume, rightFor, setLimits, suspend } from '../identity/directory.ts';
import { hashPassword } from '../identity/password.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { canonicalAddress } from '../policy/address.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { changeIdentity, credentialDetail, domainsOf, identityOf, rightText, valueOf } from './identities.ts';
import { wholeNumber } from './number.ts';
import { print, printJson } from './output.ts';
import { readNewPassword } from './password-input.ts';

const entropy = systemEntropy();

interface AppPasswordOptions extends JsonOption {
  readonly label: string;
  readonly expires?: string;
}

interface JsonOption {
  readonly json?: boolean;
}

/** What came of a change, for a program or for a person. */
function tell(json: boolean | undefined, value: object, text: string): void {
  if (json === true) printJson(value);
  else print(text);
}

/** `phone (4Q7WJ2ZK)`: mail is found by the id, and a person knows the label. */
function credentialText({ id, kind, label }: Credential): string {
  return kind === 'password' ? id : `${safe(label)} (${id})`;
}

export function passwordCommands(account: Command): void {
  account
    .command('password <login>')
    .description('sets the password: asked for twice on a terminal, else one line of standard input')
    .option('--stdin', 'the password is never an argument, which others can see; this option changes nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern account password alice@example.org\n  postern account password alice@example.org < secret.txt',
    )
    .action((login: string, { json }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        // What can't be done is refused before anything is asked.
        valueOf(setPassword(await identityOf(context, login), '', context.now));
        const phc = await hashPassword(await readNewPassword(login), entropy);
        const { login: changed } = await changeIdentity(context, login, 'password', {}, (identity) =>
          setPassword(identity, phc, context.now),
        );
        tell(json, { login: changed, credential: 'password' }, `password of ${changed} set`);
      }),
    );
  const app = account
    .command('app-password')
    .description('app passwords, one for each device')
    .addHelpText('after', '\nExample:\n  postern account app-password add alice@example.org --label phone');
  app
    .command('add <login>')
    .description('makes an app password and prints it, once')
    .requiredOption('--label <text>', 'which device it is for')
    .option('--expires <duration>', 'e.g. 90d')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account app-password add alice@example.org --label phone --expires 365d',
    )
    .action((login: string, options: AppPasswordOptions, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const lifetime = options.expires === undefined ? undefined : parseDuration(options.expires);
        if (options.expires !== undefined && lifetime === undefined)
          throw new CommandFailure(`"${options.expires}" is no duration such as 90d`, 2);
        const expiry = lifetime === undefined ? {} : { expiresAt: context.now + lifetime };
        const { credential, text } = createAppPassword(
          { label: options.label, now: context.now, ...expiry },
          entropy,
        );
        const { login: changed } = await changeIdentity(
          context,
          login,
          'app-password add',
          credentialDetail(credential),
          (identity) => addAppPassword(identity, credential),
        );
        const { id, label } = credential;
        tell(
          options.json,
          { id, label, ...expiry, appPassword: text },
          `added ${credentialText(credential)} of ${changed}\napp password (shown once): ${text}`,
        );
      }),
    );
  app
    .command('revoke <login> <id-or-label>')
    .description('revokes an app password at once')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account app-password revoke alice@example.org phone')
    .action((login: string, which: string, { json }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const named = valueOf(credentialToRevoke(await identityOf(context, login), which));
        const { login: changed } = await changeIdentity(
          context,
          login,
          'app-password revoke',
          credentialDetail(named),
          (identity) => revokeCredential(identity, named.id, { at: context.now, by: context.by }),
        );
        const { id, label } = named;
        tell(json, { login: changed, revoked: id, label }, `revoked ${credentialText(named)} of ${changed}`);
      }),
    );
}

export function stateCommands(account: Command): void {
  const changes = [
    ['suspend', 'submits nothing from now on; open sessions are cut, its queue is held', suspend],
    ['resume', 'may submit again; its queue goes on', resume],
  ] as const;
  for (const [name, description, change] of changes) {
    account
      .command(`${name} <login>`)
      .description(description)
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  postern account ${name} alice@example.org`)
      .action((called: string, { json }: JsonOption, command: Command) =>
        withStore(command.optsWithGlobals(), async (context) => {
          const { login, state } = await changeIdentity(context, called, name, {}, change);
          tell(json, { login, state }, `${login} is ${state}`);
        }),
      );
  }
  account
    .command('limit <login> <name> <value>')
    .description(
      'own limit: messagesPerHour, recipientsPerHour or nullSenderPerHour; a number, none or default',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern account limit newsletter@example.org recipientsPerHour 20000',
    )
    .action((called: string, name: string, value: string, { json }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        if (!limitNames.includes(name))
          throw new CommandFailure(`there is no limit ${name}: it is one of ${limitNames.join(', ')}`, 2);
        const given = value === 'none' || value === 'default' ? value : wholeNumber(value, name);
        const { login, limits } = await changeIdentity(
          context,
          called,
          'limit',
          { name, value },
          (identity) => setLimits(identity, { [name]: given }),
        );
        tell(json, { login, limits }, `${name} of ${login} is ${value}`);
      }),
    );
}

const limitNames: readonly string[] = ['messagesPerHour', 'recipientsPerHour', 'nullSenderPerHour'];

export function rightsCommands(account: Command): void {
  account
    .command('rights <login> <action> [right]')
    .description('sender rights: list, add or remove ADDRESS or @DOMAIN')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern account rights alice@example.org add sales@example.org')
    .action(
      (login: string, action: string, right: string | undefined, options: JsonOption, command: Command) =>
        withStore(command.optsWithGlobals(), (context) => rights(context, login, [action, right], options)),
    );
}

async function rights(
  context: CommandContext,
  login: string,
  [action, text]: readonly [action: string, text: string | undefined],
  { json }: JsonOption,
): Promise<void> {
  if (action === 'list') {
    const identity = await identityOf(context, login);
    if (json === true) return printJson(rightsJson(identity));
    for (const right of identity.rights) print(`${rightText(right)}  ${right.kind}`);
    return;
  }
  if ((action !== 'add' && action !== 'remove') || text === undefined) {
    throw new CommandFailure(
      'say `account rights LOGIN list`, `… add ADDRESS|@DOMAIN` or `… remove ADDRESS|@DOMAIN`',
      2,
    );
  }
  const address = text.startsWith('@') ? undefined : (canonicalAddress(text) ?? text);
  const owner = address === undefined ? undefined : await ownerOf(context, address);
  const rules = { domains: domainsOf(context), allowReserved: true };
  const identity = await changeIdentity(context, login, `rights ${action}`, { right: text }, (before) => {
    if (action === 'remove') return removeRight(before, text);
    const right = rightFor(before, text, owner, rules);
    return right.ok ? addRight(before, right.value) : right;
  });
  if (json === true) return printJson(rightsJson(identity));
  const all = identity.rights.map(rightText).join(', ') || 'nobody';
  print(
    identity.state === 'removed'
      ? `${identity.login} is removed; restored it would send as ${all}`
      : `${identity.login} may send as ${all}`,
  );
  if (address !== undefined) await tellOthers(context, identity, address);
}

function rightsJson({ login, rights: all }: Identity) {
  return { login, rights: all.map((right) => ({ kind: right.kind, right: rightText(right) })) };
}

/** Whose login it is. */
async function ownerOf({ lookups }: CommandContext, address: string): Promise<Identity | undefined> {
  const first = await lookups.identityByAddress(address);
  return first?.login === address ? first : undefined;
}

/** An address belongs to the domain: who else has it, and who had it, is worth knowing. */
async function tellOthers({ lookups }: CommandContext, { id }: Identity, address: string): Promise<void> {
  const all = await lookups.identitiesByAddress(address);
  const living = all.filter(({ state, mailbox }) => state !== 'removed' && mailbox);
  const others = living.filter((one) => one.id !== id).map(({ login }) => login);
  if (others.length > 0) print(`${address} is shared with ${others.join(', ')}`);
  for (const { login, state } of all)
    if (state === 'removed') print(`${address} was an address of ${login} until that was removed`);
  if (living.length === 0 && all.every(({ login }) => login !== address))
    print(`nobody has ${address} as a mailbox: mail to it is refused`);
}
