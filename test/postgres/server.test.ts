import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from 'pg';
import { findBinaries } from './binaries.ts';
import { freshDatabase, withoutPostgres } from './database.ts';

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values((await client.query(statement)).rows[0] as object)[0];
  } finally {
    await client.end();
  }
}

const skip = withoutPostgres;

test('a fresh database is empty, of UTF-8, and compares text by its bytes', { skip }, async () => {
  await using database = await freshDatabase();
  const { url } = database;
  assert.match(String(await ask(url, 'SELECT version()')), /^PostgreSQL \d\d/);
  assert.equal(await ask(url, "SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'"), 0);
  assert.equal(await ask(url, 'SHOW server_encoding'), 'UTF8');
  assert.equal(await ask(url, "SELECT 'B' < 'a'"), true);
});

test(
  'two fresh databases are two, and a dropped one is gone though somebody is connected',
  { skip },
  async () => {
    await using one = await freshDatabase();
    const other = await freshDatabase();
    const cut = new Client({ connectionString: other.url });
    cut.on('error', () => undefined);
    const ended = new Promise((resolve) => cut.once('end', resolve));
    await cut.connect();
    await cut.query('CREATE TABLE only_here ()');
    assert.equal(await ask(one.url, "SELECT to_regclass('only_here')"), null);
    await other.drop();
    await ended;
    await assert.rejects(ask(other.url, 'SELECT 1'), { code: '3D000' });
  },
);

const binaries = findBinaries();
const starter = `
  const { startServer } = await import(${JSON.stringify(join(import.meta.dirname, 'server.ts'))});
  await startServer(${JSON.stringify(binaries)});
  console.log('ready');
  process.stdin.resume();`;

test(
  'nothing is left of a server whose starter is killed',
  { skip: typeof binaries === 'string' ? binaries : false, timeout: 60_000 },
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'postern-server-test-'));
    chmodSync(place, 0o777);
    const child = spawn(process.execPath, ['--input-type=module', '-e', starter], {
      env: { ...process.env, TMPDIR: place },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const client = new Client({
      user: 'postern',
      database: 'postgres',
      host: join(place, readdirSync(place)[0] ?? ''),
    });
    client.on('error', () => undefined);
    await client.connect();
    const cut = new Promise((resolve) => client.once('end', resolve));
    const empty = new Promise<void>((resolve) => {
      const watcher = watch(place, () => {
        if (readdirSync(place).length > 0) return;
        watcher.close();
        resolve();
      });
    });
    child.kill('SIGKILL');
    await cut;
    await empty;
    rmSync(place, { recursive: true });
  },
);
