// `postern token`: for programs that ask the HTTP API in the name of an account.

import type { Command } from 'commander';
import type { TokenKept } from '../administration/tokens.ts';
import { parseDuration } from '../base/duration.ts';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import { time } from '../base/time.ts';
import { type TokenScope, tokenScopes } from '../record/identity.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';

interface JsonOption {
  readonly json?: boolean;
  readonly reason?: string;
}

interface AddOptions extends JsonOption {
  readonly label: string;
  readonly scope: readonly string[];
  readonly expires: string;
}

const scopeWords: Readonly<Record<TokenScope, string>> = {
  trace: 'who sent this',
  reports: 'how the server is',
  contain: 'suspend, resume, revoke',
  queue: 'mail on its way out',
  accounts: 'who may send, and how much',
  backup: 'a copy of the store',
};
const scopeList = tokenScopes.map((scope) => `${scope} (${scopeWords[scope]})`).join(', ');

export function tokenCommands(program: Command): void {
  const token = program
    .command('token')
    .description('tokens of an account, for programs that ask the HTTP API')
    .addHelpText(
      'after',
      '\nExample:\n  postern token add monitor@example.org --label icinga --scope reports\n\nA token may what its scopes name, and never more than the role of its account (`postern account role`).',
    );
  addCommand(token);
  token
    .command('list <login>')
    .description('lists them: scopes, end, last use')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern token list monitor@example.org')
    .action((login: string, options: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => list(context, login, options)),
    );
  token
    .command('revoke <login> <id-or-label>')
    .description('revokes one: the next request with it is refused')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern token revoke monitor@example.org icinga')
    .action((login: string, which: string, { json, reason }: JsonOption, command: Command) =>
      withStore(command.optsWithGlobals(), async ({ administration }) => {
        const revoked = await administration(reason).revokeToken({ login, which });
        if (json === true) printJson({ login: revoked.login, revoked: revoked.id, label: revoked.label });
        else print(`revoked ${safe(revoked.label)} (${revoked.id}) of ${revoked.login}`);
      }),
    );
}

function addCommand(token: Command): void {
  token
    .command('add <login>')
    .description('makes a token and prints it, once')
    .requiredOption('--label <text>', 'which program it is for')
    .requiredOption('--scope <scope...>', `what it may: ${tokenScopes.join(', ')}`)
    .option('--expires <duration>', 'e.g. 365d, or never', '90d')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nScopes: ${scopeList}.\n\nExample:\n  postern token add siem@example.org --label siem --scope trace --expires 365d`,
    )
    .action((login: string, options: AddOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => add(context, login, options)),
    );
}

async function add(
  { administration }: CommandContext,
  login: string,
  { label, scope, expires, reason, json }: AddOptions,
): Promise<void> {
  const scopes = scope.map(scopeNamed);
  const lifetimeMs = expires === 'never' ? undefined : parseDuration(expires);
  if (expires !== 'never' && lifetimeMs === undefined)
    throw new CommandFailure(`"${expires}" is no duration such as 90d, nor never`, 2);
  const { login: changed, ...added } = await administration(reason).addToken({
    ...{ login, label, scopes },
    ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
  });
  if (json === true) return printJson({ login: changed, ...added });
  const end = added.expiresAt === undefined ? 'without end' : `until ${time(added.expiresAt)}`;
  print(`added ${safe(added.label)} (${added.id}) of ${changed}: ${added.scopes.join(', ')}, ${end}`);
  print(`token (shown once): ${added.token}`);
}

function scopeNamed(text: string): TokenScope {
  const found = tokenScopes.find((known) => known === text);
  if (found !== undefined) return found;
  throw new CommandFailure(`there is no scope ${text}: it is one of ${tokenScopes.join(', ')}`, 2);
}

async function list({ administration }: CommandContext, named: string, { json }: JsonOption): Promise<void> {
  const { login, tokens } = await administration().listTokens({ login: named });
  if (json === true) return printJson({ login, tokens });
  if (tokens.length === 0) return print(`${login} has no tokens: \`postern token add ${login}\``);
  print(
    table([
      ['ID', 'LABEL', 'SCOPES', 'STATE', 'LAST USE'],
      ...tokens.map((one) => [one.id, safe(one.label), one.scopes.join(' '), stateOf(one), lastUse(one)]),
    ]),
  );
}

function stateOf({ disabled, expiresAt }: TokenKept): string {
  if (disabled !== undefined) return `revoked ${time(disabled.at)} by ${safe(disabled.by)}`;
  return expiresAt === undefined ? 'without end' : `until ${time(expiresAt)}`;
}

function lastUse({ lastUse: last }: TokenKept): string {
  return last === undefined ? 'never' : `${time(last.at)} from ${last.address}`;
}
