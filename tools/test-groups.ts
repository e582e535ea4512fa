// Which test files share a process. The start of one takes as long as a small file's tests, and there are hundreds of those: the files of one folder of `src` run in one, but for
// the store's, whose tests are long and want a process of their own.

import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ENTRIES = 'node_modules/.cache/postern/groups';

/** Undefined: a process of its own. */
const folderOf = (file: string): string | undefined => /^src\/(?!store\/)([\w-]+)\//.exec(file)?.[1];

/** By the file that a process is started with: the test files that run in it. */
export function groupFiles(
  files: readonly string[],
  groupOf: (file: string) => string | undefined = folderOf,
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const group = groupOf(file);
    const entry = group === undefined ? file : `${ENTRIES}/${group}.test.mjs`;
    groups.set(entry, [...(groups.get(entry) ?? []), file]);
  }
  mkdirSync(ENTRIES, { recursive: true });
  for (const [entry, members] of groups) if (entry !== members[0]) writeFileSync(entry, importing(members));
  return groups;
}

const importing = (files: readonly string[]): string =>
  files.map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`).join('');
