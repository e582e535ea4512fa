// The table of commands says of each what the command says of itself, and finds what the arguments call.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { commandIn, commands } from './commands.ts';

test('the help of all commands is what they say themselves', async () => {
  const [listed, real] = [new Command(), new Command()];
  for (const { call, summary, load } of commands) {
    if (summary !== undefined) listed.command(call).description(summary);
    const own = new Command();
    (await load())(own);
    const added = own.commands.find((one) => one.name() === call.split(' ')[0]) ?? assert.fail(call);
    if (summary !== undefined) real.addCommand(added);
  }
  const termsOf = (program: Command): readonly string[] =>
    program.commands.map(
      (command) =>
        `${command.name()} ${command
          .usage()
          .replace(/\[options\] ?/, '')
          .replace('[command]', '')
          .trim()}: ${command.description()}`,
    );
  assert.deepEqual(termsOf(listed), termsOf(real));
});

const calls = [
  ['queue list', 'queue'],
  ['-c postern.yaml queue list', 'queue'],
  ['--config postern.yaml trace x', 'trace'],
  ['--config=postern.yaml trace x', 'trace'],
  ['help audit', 'audit'],
  ['--help', undefined],
  ['-c queue', undefined],
  ['nothing', undefined],
  ['', undefined],
] as const;

test('the command that is called is found wherever it stands', () => {
  for (const [args, name] of calls)
    assert.equal(commandIn(args.split(' ').filter((word) => word !== ''))?.call.split(' ')[0], name, args);
});
