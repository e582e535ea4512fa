// `postern trace`: who sent this? How it is called; src/cli/trace-look.ts answers.

import type { Command } from 'commander';
import { withStore } from './context.ts';
import { addOptions } from './option-rows.ts';
import { runTrace, type TraceOptions, traceOptions } from './trace-look.ts';

export function traceCommand(program: Command): void {
  addOptions(program.command('trace <what>'), traceOptions)
    .description(
      'who sent this? WHAT: id, Received label, Message-ID, address, login, or the file of a message or of a complaint',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  postern trace complaint.eml --reason "ticket 4711"\n  postern trace alice@example.org --since 2h\n  postern trace printer --since 2026-11-23 --ip 192.0.2.7 --json',
    )
    .action((what: string, options: TraceOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => runTrace(context, what, options)),
    );
}
