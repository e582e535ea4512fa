// Durability proper: a kill keeps the page cache, so the system calls are looked at. A serial client must cost at least one
// sync a message, and where syncs fail or the disk is full it must be told 4yz, never 250.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  delivered,
  eventually,
  HANGING_MS,
  lacking,
  PASSWORD,
  startServer,
  type TestServer,
} from './server.ts';
import { freePort } from '../free-port.ts';
import { openClient, submitAll, submitOne } from './smtp-load.ts';

/**
 * strace does not pass a signal on: the server below it would live on. And a strace that is killed while its server is about
 * to get a signal takes the signal with it, so it is waited for: it ends with its server.
 */
async function endTraced(server: TestServer): Promise<void> {
  const child = Number(spawnSync('pgrep', ['-P', String(server.pid)], { encoding: 'utf8' }).stdout);
  assert.ok(child > 0, 'strace has no server');
  const ended = server.ended();
  process.kill(child, 'SIGTERM');
  await ended;
}

const credentials = { login: 'alice@example.org', password: PASSWORD } as const;

test(
  '5321-y E-Q-7: a serial client costs at least one fsync or fdatasync a message',
  { skip: lacking('strace') },
  async () => {
    const messages = 50;
    // A next hop that is down: a delivery into files would add syncs of its own and hide that the accept has none.
    await using server = await startServer({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${await freePort()}" }`,
    });
    await server.stop();
    const summary = join(server.directory, 'strace.txt');
    await server.start({
      wrapper: ['strace', '-f', '-c', '-e', 'trace=fsync,fdatasync,sync_file_range,msync', '-o', summary],
    });
    const count = (): number => {
      const rows = readFileSync(summary, 'utf8').matchAll(
        /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)(?:\s+\d+)?\s+(?:fsync|fdatasync)$/gm,
      );
      return [...rows].reduce((sum, [, calls]) => sum + Number(calls), 0);
    };
    const sent = await submitAll({
      port: server.submission,
      ...credentials,
      subjects: Array.from({ length: messages }, (_, n) => `s${n}`),
    });
    assert.equal(sent.promised.length, messages);
    await endTraced(server);
    assert.ok(count() >= messages, `${count()} syncs for ${messages} messages`);
  },
);

test(
  '5321-y E-Q-7: a staged body and a delivered file are synced by their names, with their directories, as the system calls show',
  { skip: lacking('strace') },
  async () => {
    await using server = await startServer();
    await server.stop();
    const calls = join(server.directory, 'strace.txt');
    await server.start({
      wrapper: ['strace', '-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', calls],
    });
    await using _ = { [Symbol.asyncDispose]: () => endTraced(server) };
    const client = await openClient({ port: server.submission, ...credentials });
    const reply = await submitOne(client, { ...credentials, subject: 'staged', bodyOctets: 400_000 });
    const id = / as (\w+)/.exec(reply)?.[1] ?? assert.fail(reply);
    client.close();
    await eventually('delivery', 20, () => delivered(server.outbox).length === 1);
    const wanted = [
      `fdatasync\\(\\d+<[^>]*/bodies/${id}>`,
      'fsync\\(\\d+<[^>]*/bodies>',
      `fdatasync\\(\\d+<[^>]*/outbox/\\.${id}\\.tmp>`,
      'fsync\\(\\d+<[^>]*/outbox>',
    ];
    for (const pattern of wanted)
      await eventually(pattern, 10, () => new RegExp(pattern).test(readFileSync(calls, 'utf8')));
  },
);

for (const { errno, name } of [
  { errno: 5, name: 'EIO' },
  { errno: 28, name: 'ENOSPC' },
]) {
  test(
    `5321-y F-DOS-8: when syncs fail with ${name} the client sees 4yz, never 250`,
    { skip: lacking('fiu-run') },
    async () => {
      await using server = await startServer({
        extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
      });
      await server.stop();
      await server.start({ wrapper: ['fiu-run', '-x'] });
      const client = await openClient({ port: server.submission, ...credentials });
      assert.match(await submitOne(client, { ...credentials, subject: 'before' }), /^250/);
      const fault = (action: 'enable' | 'disable', point: string): void => {
        const command =
          action === 'enable' ? `enable name=${point},failinfo=${errno}` : `disable name=${point}`;
        const result = spawnSync('fiu-ctrl', ['-c', command, String(server.pid)], {
          encoding: 'utf8',
          timeout: HANGING_MS,
        });
        assert.equal(result.status, 0, result.stderr);
      };
      for (const point of ['posix/io/sync/fsync', 'posix/io/sync/fdatasync']) fault('enable', point);
      // Small, staged: the first waits until the store thread is given up on, the second fails in the front.
      for (let n = 0; n < 2; n += 1) {
        const reply = await submitOne(client, {
          ...credentials,
          subject: `during${n}`,
          bodyOctets: n === 1 ? 400_000 : 500,
        });
        assert.match(reply, /^45[12]/, `message ${n}: ${reply}`);
      }
      for (const point of ['posix/io/sync/fsync', 'posix/io/sync/fdatasync']) fault('disable', point);
      const after = await eventually('acceptance after the disk came back', 40, async () => {
        const reply = await submitOne(client, { ...credentials, subject: 'after' });
        return reply.startsWith('250') && reply;
      });
      assert.match(after, /^250/);
      client.close();
      await eventually('delivery', 20, () => delivered(server.outbox).length >= 2);
      const subjects = delivered(server.outbox).map(
        ({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1],
      );
      assert.deepEqual(
        subjects.filter((subject) => subject?.startsWith('during') === true),
        [],
      );
    },
  );
}
