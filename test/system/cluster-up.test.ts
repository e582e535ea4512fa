// packaging/cluster as who tries it out uses it: the lines that `up` prints are run as they are.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutDebianPostgres } from './postgres.ts';
import { delivered, eventually, HANGING_MS, lacking } from './server.ts';

const SCRIPTS = join(import.meta.dirname, '../../packaging/cluster');
/** Without an offset. */
const PORTS = [2587, 2465, 25_432, 12_587, 12_465, 18_587, 22_587, 22_465, 28_587];

const skip = lacking('curl', 'haproxy', 'setpriv') || withoutDebianPostgres;

function shell(line: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], {
    ...{ encoding: 'utf8', timeout: HANGING_MS },
  });
  return { status, output: stdout + stderr };
}

function good(line: string): string {
  const { status, output } = shell(line);
  assert.equal(status, 0, `${line}\n${output}`);
  return output;
}

/** Listens on a port, or says no. */
async function take(port: number): Promise<AsyncDisposable | undefined> {
  const server = createServer();
  const isTaken = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return isTaken ? { [Symbol.asyncDispose]: close } : undefined;
}

async function freeOffset(): Promise<number> {
  for (let offset = 100; offset < 4000; offset += 10) {
    const taken = await Promise.all(PORTS.map((port) => take(port + offset)));
    for (const server of taken) await server?.[Symbol.asyncDispose]();
    if (!taken.includes(undefined)) return offset;
  }
  throw new Error('no free ports');
}

interface Cluster extends Disposable {
  readonly directory: string;
  readonly offset: number;
  run(script: 'up' | 'down' | 'status', ...args: readonly string[]): ReturnType<typeof shell>;
  /** Of each part: stopped, ready, runs. */
  parts(): Readonly<Record<string, string>>;
}

async function place(): Promise<Cluster> {
  const above = mkdtempSync(join(tmpdir(), 'postern-cluster-'));
  // PostgreSQL runs as another user than root.
  chmodSync(above, 0o755);
  const directory = join(above, 'cluster');
  const run: Cluster['run'] = (script, ...args) =>
    shell([join(SCRIPTS, script), directory, ...args].join(' '));
  return {
    directory,
    offset: await freeOffset(),
    run,
    parts: () =>
      Object.fromEntries(
        run('status')
          .output.trim()
          .split('\n')
          .map((line) => line.trimEnd().split(/ {2,}/) as unknown as readonly [string, string]),
      ),
    [Symbol.dispose]() {
      if (existsSync(join(directory, 'settings'))) run('down');
      rmSync(above, { recursive: true });
    },
  };
}

const ALL_UP = { postgres: 'runs', a: 'ready', b: 'ready', balancer: 'runs' };
const ALL_DOWN = { postgres: 'stopped', a: 'stopped', b: 'stopped', balancer: 'stopped' };

async function kill(directory: string, line: string): Promise<void> {
  const pid = readFileSync(join(directory, 'a.pid'), 'utf8').trim();
  good(line);
  await eventually('the end of node a', 10, () => !existsSync(`/proc/${pid}`));
}

test(
  'two nodes come up with one command, take mail when one is killed, and trace what either took',
  { skip },
  async () => {
    using cluster = await place();
    const { directory, offset } = cluster;
    const up = cluster.run('up', '--offset', String(offset));
    assert.equal(up.status, 0, up.output);
    assert.deepEqual(cluster.parts(), ALL_UP);

    const [submit = '', look = '', traceByA = '', traceByB = '', killA = '', again = ''] =
      up.output.match(/^(?:curl|cat|kill|\/).*$/gm) ?? [];
    good(submit);
    assert.match(good(traceByA), /accepted/);
    assert.match(good(traceByB), /accepted/);

    await kill(directory, killA);
    good(submit);
    const messages = await eventually('both messages', 60, () => {
      const files = delivered(join(directory, 'outbox'));
      return files.length === 2 && files;
    });
    assert.match(good(look), /Subject: Hello through two nodes/);
    const traced = good(traceByB);
    for (const { name } of messages)
      assert.ok(traced.includes(name.replace('.eml', '')), `${name}\n${traced}`);

    good(again);
    assert.deepEqual(cluster.parts(), ALL_UP);
    assert.equal(cluster.run('down').status, 0);
    assert.deepEqual(cluster.parts(), ALL_DOWN);
    assert.match(cluster.run('up', '--offset', '7').output, /holds a cluster already/);
  },
);

test('what can not come up is told, and nothing of it runs on', { skip }, async () => {
  using cluster = await place();
  const { offset } = cluster;
  await using taken = await take(22_587 + offset);
  assert.ok(taken !== undefined);
  const { status, output } = cluster.run('up', '--offset', String(offset));
  assert.equal(status, 1);
  assert.match(output, new RegExp(`up: node b did not start: .*${22_587 + offset}.* is in use`));
  assert.deepEqual(cluster.parts(), ALL_DOWN);
});
