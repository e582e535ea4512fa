import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tidy from './tidy.ts';

const at = (path: string, text: string): tidy.SourceFile => ({ path, text });

test('the tree is tidy', () => {
  assert.deepEqual(tidy.tidy(tidy.readSources()), []);
});

test('each check of tidy finds what it is for', () => {
  const found = (findings: readonly tidy.Finding[]): number => findings.length;
  assert.equal(found(tidy.checkRings(at('src/base/x.ts', "import { a } from '../store/port.ts';"))), 1);
  assert.equal(found(tidy.checkRings(at('src/store/x.ts', "import { a } from '../base/bytes.ts';"))), 0);
  for (const [path, count] of [
    ['src/server/x.ts', 1],
    ['src/cli/x.ts', 1],
    ['src/store/x.ts', 0],
    ['src/server/x.test.ts', 0],
  ] as const) {
    const from = path.startsWith('src/store') ? './sqlite' : '../store/sqlite';
    assert.equal(found(tidy.checkRings(at(path, `const { a } = await import('${from}/open.ts');`))), count);
  }
  assert.equal(found(tidy.checkRings(at('src/policy/x.ts', "import { connect } from 'node:net';"))), 1);
  assert.equal(found(tidy.checkHeader(at('src/base/x.ts', 'export const a = 1;'))), 1);
  assert.equal(found(tidy.checkClock(at('src/base/x.ts', 'const a = new Date();'))), 1);
  assert.equal(found(tidy.checkClock(at('src/base/x.ts', '// new Date() is banned'))), 0);
  const sleep = `import { setTimeout as delay } from 'node:${'timers'}/promises';`;
  assert.equal(found(tidy.checkRings(at('src/relay/x.ts', sleep))), 1);
  assert.equal(found(tidy.checkRings(at('src/platform/x.ts', sleep))), 0);
  assert.equal(found(tidy.checkUnwanted(at('src/relay/x.test.ts', sleep))), 1);
  assert.equal(found(tidy.checkUnwanted(at('test/system/x.test.ts', sleep))), 0);
  assert.equal(found(tidy.checkUnwanted(at('src/base/x.ts', `// As it is said (${'DESIGN'} 3.2).`))), 1);
  assert.equal(found(tidy.checkUnwanted(at('src/base/x.ts', '// By design 3 of them.'))), 0);
  const off = `// ${'oxlint'}-disable-next-line no-console`;
  assert.equal(found(tidy.checkUnwanted(at('src/base/x.ts', off))), 1);
  assert.equal(found(tidy.checkUnwanted(at('test/x.test.ts', `// ${'TO'}DO: more`))), 1);
  assert.equal(found(tidy.checkReplyLiterals(at('src/policy/x.ts', "send('550 5.7.1 no');"))), 1);
  assert.equal(
    found(
      tidy.checkTestNames(
        at('src/a.test.ts', `test('${'BCP134'}-9-z: x', () => {})`),
        new Set(['BCP134-1-a']),
      ),
    ),
    1,
  );
  const dialogs = at('test/dialogs/x.txt', '== BCP134-9-z 5321-h/2: x\nC: 5321-x: y\n== F-ERR: z\n');
  assert.deepEqual(
    tidy.checkDialogNames(dialogs, new Set(['5321-h/2', 'F-ERR'])).map(({ line }) => line),
    [1],
  );
  assert.deepEqual(tidy.idsInName('BCP134-3.1-d F-REL-1: x'), ['BCP134-3.1-d', 'F-REL-1']);
});
