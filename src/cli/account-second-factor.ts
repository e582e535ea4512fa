// `postern account second-factor`: what an account has beside its password at the console, shown or taken away.

import type { Command } from 'commander';
import type { SecondFactor } from '../administration/second-factor.ts';
import { safe } from '../base/safe-text.ts';
import { time } from '../base/time.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';

interface SecondFactorOptions {
  readonly reset?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

export function secondFactorCommand(account: Command): void {
  account
    .command('second-factor <login>')
    .description('what the account has beside its password at the console')
    .option('--reset', 'takes all of it away, for who has lost it; he sets up another at his next sign-in')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A second factor is asked for at the console alone: mail programs go on as before. Each person sets up his own there.
Before a reset make sure, by another way than mail, who is asking: afterwards the password alone lets him in.

Examples:
  postern account second-factor alice@example.org
  postern account second-factor alice@example.org --reset --reason 'lost her phone, called back'`,
    )
    .action((login: string, options: SecondFactorOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => showOrReset(context, login, options)),
    );
}

async function showOrReset(
  { administration }: CommandContext,
  login: string,
  { reset, reason, json }: SecondFactorOptions,
): Promise<void> {
  if (reset === true) {
    const done = await administration(reason).resetSecondFactor({ login });
    if (json === true) return printJson(done);
    return print(`${done.login} has no second factor any more: ${done.removed.join(' and ')} removed`);
  }
  if (reason !== undefined) throw new CommandFailure('--reason goes with --reset: a look needs none', 2);
  const shown = await administration().showSecondFactor({ login });
  if (json === true) return printJson(shown);
  for (const line of linesOf(shown)) print(line);
}

function linesOf({ login, totp, passkeys, recoveryCodes }: SecondFactor): readonly string[] {
  if (totp === undefined) return [`${login} has no second factor; it is set up at the console`];
  return [
    `${login}  has a second factor`,
    `authenticator app  since ${time(totp.since)}`,
    ...passkeys.map(
      ({ label, id, since }) => `passkey            ${safe(label)} (${id}) since ${time(since)}`,
    ),
    `recovery codes     ${recoveryCodes} left`,
  ];
}
