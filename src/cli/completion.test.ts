// Completion as the shells do it: bash is asked through the function that it would call, with the words and the cursor that it would give.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bashCompletion } from './completion-bash.ts';
import { zshCompletion } from './completion-zsh.ts';
import { type CommandNode, treeOf } from './command-tree.ts';
import { createWholeProgram } from './program.ts';

const tree = treeOf(await createWholeProgram());
const script = bashCompletion(tree);

/** What bash offers for the last word of the line. */
function offered(line: string, cwd = tmpdir()): readonly string[] {
  const words = line.split(' ');
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '--norc',
      '-c',
      `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _postern; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ],
    { encoding: 'utf8', cwd },
  );
  assert.equal(stderr, '', line);
  return stdout.split('\n').filter((word) => word !== '');
}

const isMissing = (program: string): string | false =>
  spawnSync(program, ['-c', 'true']).error === undefined ? false : `${program} is not installed`;

test('bash completes commands, options, choices and files', { skip: isMissing('bash') }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-completion-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'a file.yaml'), '');
  const cases: readonly (readonly [line: string, words: readonly string[]])[] = [
    ['postern acc', ['account']],
    ['postern queue re', ['retry', 'release']],
    ['postern queue list --to', ['--to', '--totals']],
    ['postern queue list --identity qu', []],
    ['postern -c queue queue dr', ['drop']],
    ['postern account app-password ', ['add', 'revoke']],
    ['postern completion z', ['zsh']],
    ['postern send --fl', ['--flush']],
    ['postern -c a', ['a file.yaml']],
    ['postern --config = a', ['a file.yaml']],
    ['postern restore ', ['a file.yaml']],
    ['postern serve x', []],
    ['postern * --he', ['--help']],
  ];
  for (const [line, words] of cases) assert.deepEqual(offered(line, directory), words, line);
});

function* all(node: CommandNode, above: string): Generator<readonly [path: string, node: CommandNode]> {
  const path = `${above}${node.name}`;
  yield [path, node];
  for (const child of node.commands) yield* all(child, `${path} `);
}

test('each command and option of the help is offered by both', { skip: isMissing('bash') }, () => {
  const zsh = zshCompletion(tree);
  for (const [path, { commands, options }] of all(tree, '')) {
    assert.ok(options.some(({ names }) => names.includes('--help')) || path === 'postern send', path);
    if (commands.length > 0)
      assert.deepEqual(
        offered(`${path} `),
        commands.map(({ name }) => name),
      );
    const begin = zsh.indexOf(`${path.replaceAll(' ', '_').replace('postern', '_postern')}() {`);
    assert.ok(begin > 0, path);
    const own = zsh.slice(begin, zsh.indexOf('\n}\n', begin));
    for (const name of options.flatMap(({ names }) => names))
      assert.ok(own.includes(name), `${path} ${name}`);
  }
});

test('zsh reads its script, and completes by it', { skip: isMissing('zsh') }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-completion-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, '_postern'), zshCompletion(tree));
  // A shell at a terminal of its own: what it shows for TAB is what a user sees.
  const session = `zmodload zsh/zpty
zpty z TERM=dumb zsh -f -i
zpty -w z 'PS1=; fpath=(${directory} $fpath); autoload -Uz compinit; compinit -u -d ${directory}/dump; postern() { print -r -- "<$*>" }; print rea""dy'
zpty -r -m z heard '*ready*'
zpty -w z $'postern acc\\tapp-p\\trev\\t--conf\\t'
zpty -r -m z heard '*<*>*'
print -r -- $heard
zpty -d z`;
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', session], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stderr, '');
  assert.match(stdout, /<account app-password revoke --config>/);
});
