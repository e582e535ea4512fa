// `postern queue`: what is on its way out, and what the operator does to it. Every change says how many recipients it means before it acts.

import type { Command } from 'commander';
import { numberOf } from '../base/number-of.ts';
import type { Bounced } from '../administration/bounce.ts';
import type { QueuePart } from '../administration/queue-selector.ts';
import type { QueueChange, QueuePosition } from '../store/queue-change.ts';
import { confirm } from './confirm.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { addOptions, type OptionRow, reasonHelp } from './option-rows.ts';
import { inSlices } from './in-slices.ts';
import { print, printJson } from './output.ts';
import { type ListOptions, listOptions, listQueue } from './queue-list.ts';
import { partOf, type PartOptions, partOptions } from './queue-part.ts';
import { type ShowOptions, showOptions, showQueued } from './queue-show.ts';

interface ChangeOptions extends PartOptions {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly bounce?: boolean;
  readonly reason?: string;
}

export function queueCommands(program: Command): void {
  const queue = program
    .command('queue')
    .description('mail on its way out')
    .addHelpText('after', '\nExample:\n  postern queue list --json');
  addOptions(queue.command('list [id]'), listOptions)
    .description('lists the queue')
    .addHelpText('after', '\nExample:\n  postern queue list --domain example.net')
    .action((id: string | undefined, options: ListOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => listQueue(context, id, options)),
    );
  addOptions(queue.command('show <id>'), showOptions)
    .description('shows a queued message: envelope, recipients, why they wait, header')
    .addHelpText('after', '\nExample:\n  postern queue show 06FN0Z2V3W00000000000000AB')
    .action((id: string, options: ShowOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => showQueued(context, id, options)),
    );
  for (const [action, description] of actions) {
    addOptions(queue.command(`${action} [id]`), action === 'drop' ? dropOptions : changeOptions)
      .description(description)
      .addHelpText('after', `\nExample:\n  postern queue ${action} --domain example.net --yes`)
      .action((id: string | undefined, options: ChangeOptions, command: Command) =>
        withStore(command.optsWithGlobals(), (context) => change(context, action, id, options)),
      );
  }
}

const changeOptions: readonly OptionRow[] = [
  ...partOptions,
  ['--all', 'the whole queue'],
  ['--yes', 'do not ask; off a terminal needed by all but a named id'],
  ['--reason <text>', reasonHelp],
  ['--json', 'print JSON'],
];

const dropOptions: readonly OptionRow[] = [...changeOptions, ['--bounce', 'report it to the senders']];

const actions = [
  ['retry', 'tries now, instead of at the next time'],
  ['hold', 'keeps it until it is released'],
  ['release', 'lets held mail go on, at once; so its sender can not take it back any more'],
  ['drop', 'removes it for good, without a word to the sender unless --bounce'],
] as const satisfies readonly (readonly [QueueChange['action'], string])[];

async function change(
  context: CommandContext,
  action: QueueChange['action'],
  id: string | undefined,
  options: ChangeOptions,
): Promise<void> {
  const administration = context.administration(options.reason);
  const part = partOf(id, options);
  if (Object.keys(part).length === 0 && options.all !== true) {
    throw new CommandFailure('name an id, a selector such as --domain, or --all', 2);
  }
  const count = await administration.countQueue({ part, action });
  const isRelease = action === 'release';
  if (count === 0)
    throw new CommandFailure(
      isRelease ? 'nothing that matches in the queue is held' : 'nothing in the queue matches',
    );
  const matched = numberOf(count, isRelease ? 'held recipient' : 'recipient');
  await sayOrAsk(action, matched, isNamed(part, options), options);
  if (options.bounce === true) {
    const given = await inSlices(
      (after: Bounced['next']) => administration.bounceQueue({ part, ...(after && { after }) }),
      (done) => `gave up ${done} of ${matched}`,
    );
    return options.json === true
      ? printJson({ action, matched: count, changed: given })
      : print(`gave up ${given} of ${matched}, their senders are told`);
  }
  let stillHeld = 0;
  const changed = await inSlices(
    async (after: QueuePosition | undefined) => {
      const slice = await administration.changeQueue({ part, action, ...(after && { after }) });
      ({ stillHeld } = slice);
      return { count: slice.changed, next: slice.next };
    },
    (done) => `${action}: ${done} of ${matched}`,
  );
  if (options.json === true)
    return printJson({
      ...{ action, matched: count, changed },
      ...(isRelease ? { stillHeld } : {}),
    });
  print(
    `${action}: ${changed} of ${matched}${changed < count && !isRelease ? ' (the others are under way, or were so already)' : ''}`,
  );
  if (stillHeld > 0)
    print(
      `${stillHeld} of them stay held because their account is suspended: \`postern account resume LOGIN\` lets them go`,
    );
}

/** One message by its id: whoever names it means it. What a selector matches may be more, or other, than they think. */
const isNamed = ({ id, ...others }: QueuePart, { all }: ChangeOptions): boolean =>
  id !== undefined && Object.keys(others).length === 0 && all !== true;

/** Prints how many recipients it means before it is done, with or without a question. */
async function sayOrAsk(
  action: QueueChange['action'],
  recipients: string,
  named: boolean,
  { yes, json }: ChangeOptions,
): Promise<void> {
  if (yes !== true && process.stdin.isTTY) return confirm(`${action} ${recipients}?`);
  const means = `${action} means ${recipients}`;
  if (yes !== true && !named) throw new CommandFailure(`${means}: say --yes`, 2);
  if (json !== true) print(means);
}
