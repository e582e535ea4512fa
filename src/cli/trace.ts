// `postern trace`: who sent this? How it is called; src/cli/trace-look.ts answers.

import type { Command } from 'commander';
import { withLookups } from './context.ts';
import { addOptions } from './option-rows.ts';
import { runTrace, type TraceOptions, traceOptions } from './trace-look.ts';

export function traceCommand(program: Command): void {
  addOptions(program.command('trace <what>'), traceOptions)
    .description(
      'who sent this? WHAT: id, Received label, Message-ID, address, or the file of a message as it was received',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  postern trace complaint.eml --reason "ticket 4711"\n  postern trace alice@example.org --json',
    )
    .action((what: string, options: TraceOptions, command: Command) =>
      withLookups(command.optsWithGlobals(), (context) => runTrace(context, what, options)),
    );
}
