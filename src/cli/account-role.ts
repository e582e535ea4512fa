// `postern account role`: which role an account has, shown or given.

import type { Command } from 'commander';
import { roleWords } from '../administration/permissions.ts';
import { type Role, roles } from '../record/identity.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';

const roleHelp = roles.map((role) => `  ${role.padEnd(12)} ${roleWords[role]}`).join('\n');

interface RoleOptions {
  readonly domain?: readonly string[];
  readonly reason?: string;
  readonly json?: boolean;
}

export function roleCommand(account: Command): void {
  account
    .command('role <login> [role]')
    .description(`what it may do beyond sending: ${roles.join(', ')}; without a role, shows the present one`)
    .option('--domain <domain...>', 'of a domainAdmin: the domains whose accounts he looks after')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
${roleHelp}

Examples:
  postern account role dora@example.org domainAdmin --domain example.org
  postern account role dora@example.org
  postern account role dora@example.org user`,
    )
    .action((login: string, role: string | undefined, options: RoleOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => setOrShow(context, [login, role], options)),
    );
}

async function setOrShow(
  { administration }: CommandContext,
  [login, role]: readonly [login: string, role: string | undefined],
  { domain: domains = [], reason, json }: RoleOptions,
): Promise<void> {
  if (role === undefined) {
    if (domains.length > 0) throw new CommandFailure('--domain goes with the role domainAdmin: name it', 2);
    const { account } = await administration().showAccount({ login });
    return tell({ role: 'user', ...account }, json);
  }
  const known = roles.find((one) => one === role);
  if (known === undefined)
    throw new CommandFailure(`there is no role ${role}: it is one of ${roles.join(', ')}`, 2);
  tell(await administration(reason).setRole({ login, role: known, domains }), json);
}

function tell(
  {
    login,
    role,
    adminOf,
  }: { readonly login: string; readonly role: Role; readonly adminOf?: readonly string[] },
  json: boolean | undefined,
): void {
  if (json === true) return printJson({ login, role, domains: adminOf ?? [] });
  print(`${login} has the role ${role}${adminOf === undefined ? '' : ` of ${adminOf.join(', ')}`}`);
}
