// The store on the command line: copied to another place, with what that leaves behind, and what is refused.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { lockDataDirectory } from '../../src/store/sqlite/data-directory.ts';
import { assertRefused, COULD_NOT_TELL, place, postern, trail, USAGE } from './place.ts';

interface Line {
  readonly step: string;
  readonly rows?: number;
  readonly of?: number;
  readonly counts?: Readonly<Record<string, number>>;
}

test('store copy moves all to a new place, which begins with a record of it', async () => {
  const [at, other] = [place(), place()];
  await at.good('account add alice@example.org');
  await at.good('account suspend alice');
  const { lastLink } = JSON.parse(await at.good('audit verify --json')) as { lastLink: string };
  const from = `--from sqlite:${at.data}`;
  assert.equal(
    await at.good('store copy --dry-run'),
    `${at.data} holds 1 account, 0 queued messages and 2 events\n`,
  );
  assert.equal(
    await other.good(`store copy ${from} --reason 'a larger disk'`),
    `${other.data} holds 1 account, 0 queued messages and 2 events; its chain holds, last link ${lastLink}\n`,
  );
  assert.match(await other.good('account list'), /alice@example\.org +suspended/);
  assert.match(await other.good(`audit verify --expect ${lastLink}`), /^the expected link is in it$/m);
  assert.doesNotMatch(await other.good('audit verify'), /expected/);
  const copied = (await trail(other)).find(({ payload }) => payload?.action === 'store copy');
  assert.deepEqual(copied?.payload?.detail, {
    ...{ from: at.data, lastLink, events: 2, messages: 0, accounts: 1, reason: 'a larger disk' },
  });
  await other.refused(COULD_NOT_TELL, /holds a store already: name another directory/, `store copy ${from}`);
});

test('store copy tells of each step in a line of JSON', async () => {
  const [at, to] = [place(), place()];
  await at.good('account add alice@example.org');
  const lines = (await at.good(`store copy --to sqlite:${to.data} --json`))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  assert.deepEqual(
    lines.map(({ step }) => step),
    [...['identity', 'sharedKey', 'chain', 'event', 'message', 'index', 'compare', 'verify'], 'done'],
  );
  assert.deepEqual(lines[3], { step: 'event', rows: 1, of: 1 });
  assert.deepEqual(lines.at(-1)?.counts, { identity: 1, sharedKey: 0, chain: 1, event: 1, message: 0 });
});

test('a copy that is not done is no store for other commands, and goes on from its own source alone', async () => {
  const [at, other] = [place(), place()];
  await at.good('account add alice@example.org');
  await other.good(`store copy --from sqlite:${at.data}`);
  const db = new DatabaseSync(join(other.data, 'postern.sqlite'));
  db.exec("CREATE TABLE copying AS SELECT 'origin' AS name, '0' AS after, 0 AS rows, 0 AS done");
  db.close();
  const unfinished = /holds a copy of another store that is not done: run `postern store copy` again/;
  await other.refused(COULD_NOT_TELL, unfinished, 'account list');
  await other.refused(
    COULD_NOT_TELL,
    /a copy that was begun of another store/,
    `store copy --from sqlite:${at.data}`,
  );
});

test('a dry run finds what the copy would be refused for, and writes nothing to its target', async () => {
  const [at, other] = [place(), place()];
  await at.good('account add alice@example.org');
  const to = `--to sqlite:${at.directory}/new`;
  assert.match(await at.good(`store copy ${to} --dry-run`), /holds 1 account/);
  assert.equal(existsSync(join(at.directory, 'new')), false);
  await other.good('account add bob@example.org');
  const dry = `store copy --from sqlite:${at.data} --dry-run`;
  await other.refused(COULD_NOT_TELL, /holds a store already: name another directory/, dry);
  const unlock = lockDataDirectory(other.data);
  await other.refused(COULD_NOT_TELL, /another Postern uses/, dry);
  unlock();
  await at.refused(USAGE, /are the same place/, dry);
  const url = 'postgres://127.0.0.1:1/x';
  await at.refused(75, /nobody listens there/, `store copy --to ${url} --dry-run`);
  await at.refused(
    USAGE,
    /others on this machine can read the password/,
    'store copy --to postgres://u:secret@127.0.0.1:1/x --dry-run',
  );
});

const wrong: readonly { readonly line: string; readonly status: number; readonly because: RegExp }[] = [
  { line: 'store copy', status: USAGE, because: /say --from, --to or both/ },
  { line: 'store copy --to mysql:x', status: USAGE, because: /--to: write sqlite:DIRECTORY or postgres:/ },
  { line: 'store copy --to sqlite:DATA', status: USAGE, because: /are the same place/ },
  {
    line: 'store copy --to postgres://u:secret@db.example.org/x',
    status: USAGE,
    because: /others on this machine can read the password of a command line/,
  },
  {
    line: 'store copy --to postgres://db.example.org/x?a=b',
    status: USAGE,
    because: /only `host`, `sslmode`/,
  },
  { line: 'store copy --from sqlite:DATA/none', status: COULD_NOT_TELL, because: /there is no store in/ },
];

for (const { line, status, because } of wrong)
  test(`refused: ${line}`, async () => {
    const at = place();
    await at.good('account add alice@example.org');
    await at.refused(status, because, line.replace('DATA', at.data));
    assert.equal(existsSync(join(at.data, 'none')), false);
  });

test('a store that a server uses is not copied', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const unlock = lockDataDirectory(at.data);
  const line = `store copy --from sqlite:${at.data} --to sqlite:${at.directory}/new`;
  assertRefused(await postern(line), COULD_NOT_TELL, /another Postern uses/, line);
  unlock();
});

test('a backup is not restored into a store on PostgreSQL, whether a server runs or not: it is said how it gets there', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  await at.good(`backup ${at.directory}/one.db`);
  const written = readFileSync(at.config, 'utf8');
  writeFileSync(at.config, `${written}\nstore: { postgres: { hosts: [127.0.0.1], user: a, database: b } }\n`);
  const refused = /the store is .*PostgreSQL.*two steps: `postern restore` with .*, then `postern store copy/;
  const line = `restore ${at.directory}/one.db`;
  await at.refused(USAGE, refused, line);
  const unlock = lockDataDirectory(at.data);
  await at.refused(USAGE, refused, line);
  unlock();
});

test('the embedded store shows where it is and how large; it has no server to look after', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  assert.match(await at.good('store status'), /^store: embedded, in \S+\nsize: \d+\.\d KiB\n$/);
  const { octets } = JSON.parse(await at.good('store status --json')) as { octets: number };
  assert.ok(octets > 1000);
  for (const command of ['migrate', 'keep', 'recount', 'advise', 'roles'])
    await at.refused(USAGE, /there is no database server to look after/, `store ${command}`);
  await at.refused(USAGE, /--nodes is a whole number, not "x"/, 'store advise --nodes x');
});
