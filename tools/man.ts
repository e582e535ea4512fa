// Manual pages, one for `postern` and one for each command, made of the tree that `--help` prints.
//   node tools/man.ts DIRECTORY     writes them there (npm run build does, into dist/man, and so does scripts/build-deb.sh)

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeOf } from '../src/cli/command-tree.ts';
import { createWholeProgram } from '../src/cli/program.ts';
import { manPages } from './man-page.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node tools/man.ts DIRECTORY');
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  readonly version: string;
};
mkdirSync(directory, { recursive: true });
for (const [name, text] of Object.entries(manPages(treeOf(await createWholeProgram()), version)))
  writeFileSync(join(directory, name), text);
