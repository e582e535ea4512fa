// Which test files share a process, and which begins first. The start of a process takes as long as a small file's tests, and there are hundreds of those: the files of one
// folder of `src` run in one, but for those that take long. Each process of the tests on PostgreSQL makes a database with all tables first, too.

import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ENTRIES = 'node_modules/.cache/postern/groups';
/** So many processes run the small files of the store on PostgreSQL: one would be the last to end. */
const SHARES = 4;

/** What a process has loaded is their question. */
const APART: ReadonlySet<string> = new Set(['src/store/engine.test.ts']);

const entryOf = (group: string): string => `${ENTRIES}/${group}.test.mjs`;

/** What takes more than ten seconds, the longest first: it begins first, so that none is left alone at the end. Each file of the store that stands here has its own process. */
const LONGEST: readonly string[] = [
  'src/store/postgres/postgres.test.ts',
  'src/store/agreement.test.ts',
  'test/start.test.ts',
  'test/simulation/simulation.test.ts',
  ...Array.from({ length: SHARES }, (_, share) => entryOf(`store-postgres-${share}`)),
  'src/store/postgres/lives.test.ts',
  entryOf('send'),
  entryOf('administration'),
  entryOf('console'),
  entryOf('http'),
  entryOf('store'),
  'test/client.test.ts',
  'test/console.test.ts',
  'src/store/postgres/queue.test.ts',
  entryOf('message'),
  'src/store/copy.test.ts',
  'test/probe-messages.test.ts',
  'src/store/sqlite/sqlite.test.ts',
  'test/dialogs/listener.test.ts',
];

/** Undefined: a process of its own. */
function groupOf(file: string, number: number): string | undefined {
  const [, folder, engine] = /^src\/([\w-]+)\/(?:(\w+)\/)?/.exec(file) ?? [];
  if (folder !== 'store') return folder;
  if (LONGEST.includes(file) || APART.has(file)) return undefined;
  return engine === 'postgres' ? `store-postgres-${number % SHARES}` : 'store';
}

/** By the file that a process is started with, the longest first: the test files that run in it. `alone`: each in a process of its own. */
export function groupFiles(files: readonly string[], alone = false): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [number, file] of files.entries()) {
    const group = alone ? undefined : groupOf(file, number);
    const entry = group === undefined ? file : entryOf(group);
    groups.set(entry, [...(groups.get(entry) ?? []), file]);
  }
  mkdirSync(ENTRIES, { recursive: true });
  for (const [entry, members] of groups) if (entry !== members[0]) writeFileSync(entry, importing(members));
  return new Map([...groups].toSorted(([one], [other]) => rankOf(one) - rankOf(other)));
}

function rankOf(entry: string): number {
  const place = LONGEST.indexOf(entry);
  return place === -1 ? LONGEST.length : place;
}

const importing = (files: readonly string[]): string =>
  files.map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`).join('');
