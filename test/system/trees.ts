// Postern of another release: a copy of this tree with fewer or more steps of the tables of PostgreSQL. Of the rest of its code it is the same, so what the last step
// brings must be nothing that the rest can't do without.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HERE = join(import.meta.dirname, '../..');
const PARTS = ['bin', 'src', 'scripts', 'package.json'];
const SCHEMA = 'src/store/postgres/schema.ts';
/** The end of the list of steps there. */
const END = '\n];\n';

export interface Tree extends Disposable {
  /** Of the program. */
  readonly launcher: string;
}

export const thisTree: Tree = { launcher: join(HERE, 'bin/postern'), [Symbol.dispose]: () => undefined };

/** `steps`: what the list of steps becomes, as an expression over `these`. */
function copyOf(steps: string): Tree {
  const copy = mkdtempSync(join(tmpdir(), 'postern-tree-'));
  for (const part of PARTS) cpSync(join(HERE, part), join(copy, part), { recursive: true });
  symlinkSync(join(HERE, 'node_modules'), join(copy, 'node_modules'));
  const file = join(copy, SCHEMA);
  const source = readFileSync(file, 'utf8').split(END);
  if (source.length !== 2) throw new Error(`${SCHEMA} has not one list of steps`);
  const text = source.join(`${END}\n`).replace('export const steps:', 'const these:');
  writeFileSync(file, `${text}\nexport const steps: readonly string[] = ${steps};\n`);
  return {
    launcher: join(copy, 'bin/postern'),
    [Symbol.dispose]: () => rmSync(copy, { recursive: true }),
  };
}

/** The release before: its tables are one step behind. */
export const treeBefore = (): Tree => copyOf('these.slice(0, -1)');

/** The release after. */
export const treeAfter = (step: string): Tree => copyOf(`[...these, ${JSON.stringify(step)}]`);
