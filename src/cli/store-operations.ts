// `postern store status`, `migrate`, `keep`, `recount`, `advise` and `roles`: what an operator of several nodes has in hand. They ask the database itself, beside servers that run.

import { type Command, Option } from 'commander';
import { byOf } from '../administration/actor.ts';
import { numberOf } from '../base/number-of.ts';
import { safe } from '../base/safe-text.ts';
import { ownUserName } from '../platform/own-user.ts';
import { openEngine } from '../store/engine.ts';
import { choiceInWords, engineOf, isShared } from '../store/engine-choice.ts';
import { queuedInWords, type StoreOperations, type StoreRole, storeRoles } from '../store/operations.ts';
import { type ConfigOption, loadForCommand } from './context.ts';
import { CommandFailure } from './failure.ts';
import { wholeNumberFrom1 } from './number.ts';
import { print, printJson } from './output.ts';
import { adviceText, rolesText, statusText } from './store-text.ts';

interface JsonOption {
  readonly json?: boolean;
}

export function storeOperationCommands(store: Command): void {
  statusCommand(store);
  migrateCommand(store);
  keepCommand(store);
  recountCommand(store);
  adviseCommand(store);
  rolesCommand(store);
}

function statusCommand(store: Command): void {
  store
    .command('status')
    .description(
      'how the store stands: version and size of its tables, nodes, standbys, who holds an old snapshot, what is missing',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern store status\n  postern store status --json\n\n0 nothing is missing, 1 something is, 75 the database is away, 3 it could not be asked.',
    )
    .action(async ({ json }: JsonOption, command: Command) => {
      const { choice, engine, operations } = await operationsOf(command.optsWithGlobals());
      const place = choiceInWords(choice);
      if (operations === undefined) {
        const octets = (await engine.exists()) ? await engine.size() : 0;
        if (json === true) return printJson({ place, octets });
        return print(statusText(place, { octets }));
      }
      const status = await operations.status();
      if (json === true) printJson({ place, ...status });
      else print(statusText(place, status));
      if (status.missing.length > 0)
        throw new CommandFailure(`${numberOf(status.missing.length, 'thing')} missing or wrong`);
    });
}

function migrateCommand(store: Command): void {
  store
    .command('migrate')
    .description(
      'makes the tables on PostgreSQL, or brings them forward to what this version knows, while nodes of the version before go on',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A node that logs in as the owner of the tables does the same at its start. Where nodes log in with less (postern store roles), call this first, with a
configuration whose store.postgres names the owner; then print the roles again, and start the nodes one after the other.

Example:
  postern store migrate -c /etc/postern/owner.yaml

0 the tables are as this version needs them, 75 the database is away, 3 another user owns them, or a newer version has written them.`,
    )
    .action(async ({ json }: JsonOption, command: Command) => {
      const operations = await neededOperations(command.optsWithGlobals());
      const { from, to } = await operations.migrate({ by: actor() });
      if (json === true) printJson({ from, to });
      else
        print(
          from === to
            ? `the tables have schema ${to} already`
            : from === 0
              ? `the tables were made, with schema ${to}`
              : `the tables were brought from schema ${from} to ${to}`,
        );
    });
}

function keepCommand(store: Command): void {
  store
    .command('keep')
    .description(
      'forgets what is older than audit.retention, and makes what the trail needs next, where nodes may not',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Nodes that log in as the owner of the tables do this by themselves. Where none does (postern store roles), call it once a day, as the owner.

Example:
  postern store keep -c /etc/postern/owner.yaml`,
    )
    .action(async ({ json }: JsonOption, command: Command) => {
      const option = command.optsWithGlobals<ConfigOption>();
      const { config } = loadForCommand(option);
      const operations = await neededOperations(option);
      const forgotten = await operations.keep({ retentionMs: config.audit.retention, by: actor() });
      if (json === true) printJson({ forgotten });
      else print(`${numberOf(forgotten, 'event')} forgotten`);
    });
}

function recountCommand(store: Command): void {
  store
    .command('recount')
    .description('counts the queue on PostgreSQL, and puts its totals right, while nodes go on')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Totals are kept up with each message, and never counted (limits.queuedMessages goes by them). If somebody wrote the queue's tables by hand they can be off:
store status says so.

Example:
  postern store recount

0 the totals are right now, 75 the database is away, 3 it could not be done.`,
    )
    .action(async ({ json }: JsonOption, command: Command) => {
      const operations = await neededOperations(command.optsWithGlobals());
      const off = await operations.recount({ by: actor() });
      if (json === true) return printJson(off);
      const isRight = off.messages + off.deliveries === 0;
      print(
        isRight
          ? 'the totals of the queue were right'
          : `the totals of the queue are right now: they were off by ${queuedInWords(off)}`,
      );
    });
}

function adviseCommand(store: Command): void {
  store
    .command('advise')
    .description(
      'settings of PostgreSQL as they are, beside what a store of mail wants, with the reason and the SQL',
    )
    .option('--nodes <number>', 'nodes that are to share the store', '2')
    .option('--fronts <number>', 'front threads of each', '4')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern store advise --nodes 3\n  postern store advise --json\n\n0 all is as wanted, 1 something is not.',
    )
    .action(
      async (options: JsonOption & { readonly nodes: string; readonly fronts: string }, command: Command) => {
        const { json } = options;
        const nodes = wholeNumberFrom1(options.nodes, '--nodes');
        const fronts = wholeNumberFrom1(options.fronts, '--fronts');
        const operations = await neededOperations(command.optsWithGlobals());
        const advice = await operations.advise({ nodes, fronts });
        if (json === true) printJson(advice);
        else print(adviceText(advice));
        const unwanted = advice.filter(({ good }) => !good);
        if (unwanted.length > 0)
          throw new CommandFailure(`${numberOf(unwanted.length, 'setting')} not as wanted`);
      },
    );
}

interface RolesOptions extends JsonOption {
  readonly role?: readonly StoreRole[];
  readonly prefix: string;
}

function rolesCommand(store: Command): void {
  store
    .command('roles')
    .description('prints the SQL that lets nodes log in with no more rights than their role needs')
    .addOption(
      new Option('--role <role...>', 'only for this one, may be given several times').choices(storeRoles),
    )
    .option('--prefix <text>', 'what the names of the users begin with', 'postern_')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Who takes mail in (submission, mx) can't read what is queued; who relays can't read credentials, nor the keys of pseudonyms and TLS tickets. admin is for
commands without a server. None of them can change the tables: that is the owner's. A node that serves several roles logs in as a user that is a member of each.

Example:
  postern store roles -c /etc/postern/owner.yaml | psql --single-transaction postern`,
    )
    .action(async ({ role = storeRoles, prefix, json }: RolesOptions, command: Command) => {
      const operations = await neededOperations(command.optsWithGlobals());
      const users = Object.fromEntries(role.map((name) => [name, `${prefix}${name}`]));
      const roles = await operations.roles(users);
      if (json === true) printJson(roles);
      else print(rolesText(roles));
    });
}

const actor = (): string => byOf({ who: ownUserName(), through: 'command line' });

async function operationsOf(option: ConfigOption) {
  const choice = engineOf(loadForCommand(option));
  const engine = await openEngine(choice);
  return { choice, engine, operations: isShared(choice) ? await engine.operations?.() : undefined };
}

async function neededOperations(option: ConfigOption): Promise<StoreOperations> {
  const { choice, operations } = await operationsOf(option);
  if (operations !== undefined) return operations;
  throw new CommandFailure(
    `the store is ${safe(choiceInWords(choice))}: there is no database server to look after, and each start brings it forward by itself`,
    2,
  );
}
