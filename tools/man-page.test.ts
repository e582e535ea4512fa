// The manual says all that `--help` says, and the programs that print it have nothing to say against it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type CommandNode, treeOf } from '../src/cli/command-tree.ts';
import { commands } from '../src/cli/commands.ts';
import { createWholeProgram } from '../src/cli/program.ts';
import { manPages } from './man-page.ts';

const tree = treeOf(await createWholeProgram());
const pages = manPages(tree, '1.2.3');

const lacks = (program: string): string | false =>
  spawnSync(program, ['--version']).error === undefined ? false : `${program} is not installed`;

/** As a reader without a terminal sees it, with words that are not broken. */
function printed(page: string): string {
  const { stdout, stderr, status } = spawnSync(
    'groff',
    ['-man', '-Tutf8', '-K', 'utf8', '-ww', '-rLL=2000n', '-P', '-cbou'],
    { input: page, encoding: 'utf8' },
  );
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

function* all(node: CommandNode): Generator<CommandNode> {
  yield node;
  for (const child of node.commands) yield* all(child);
}

test('there is a page for each command that the help lists', () => {
  const listed = commands.filter(({ summary }) => summary !== undefined);
  const names = listed.map(({ call }) => `postern-${call.split(' ')[0]}.1`);
  assert.deepEqual(Object.keys(pages).sort(), ['postern.1', ...names].sort());
});

test(
  'a page prints what the help prints, each option and example, as it can be copied',
  { skip: lacks('groff') },
  () => {
    for (const top of tree.commands) {
      const text = printed(pages[`postern-${top.name}.1`] ?? assert.fail(top.name));
      for (const { description, options, more, text: whole } of all(top)) {
        const lines = [
          ...(whole === undefined
            ? [description, ...options.flatMap((one) => [one.flags, one.description])]
            : []),
          ...`${more}\n${whole ?? ''}`.split('\n').map((line) => line.trim()),
        ];
        for (const line of lines) assert.ok(text.includes(line), `${top.name}: ${line}`);
      }
    }
  },
);

test('mandoc finds nothing in a page either', { skip: lacks('mandoc') }, () => {
  for (const [name, page] of Object.entries(pages)) {
    const { stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input: page, encoding: 'utf8' });
    const faults = stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'));
    assert.deepEqual(faults, [], name);
  }
});

test('what begins like a request is text', () => {
  const root = { ...tree, commands: [], description: 'x', more: ".so /etc/passwd\n'br\n\\fBx" };
  const page = manPages(root, '1')['postern.1'] ?? '';
  assert.match(page, /^\\&\.so \/etc\/passwd\n\\\(aqbr\n\\efBx$/m);
});
