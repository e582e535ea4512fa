// What three nodes on one PostgreSQL have in common: who may not send any more, how much somebody may send, and their names. Everything travels with pulses: there is
// no message whose loss could matter.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { COUNTERS_EVERY_MS } from '../../src/store/postgres/counters.ts';
import { type Nodes, startNodes, takenOver } from './nodes.ts';
import { type PostgresCluster, startPostgres, withoutDebianPostgres as skip } from './postgres.ts';
import { eventually, PASSWORD } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
/** What docs/CLUSTER.md promises of a suspension, ms. */
const SUSPENSION_MS = 5_000;
/** Processes wait for each other on a busy machine: seconds that are measured here may be so many times as long. */
const PATIENCE = 3;

const accounts = ['suspended', 'cut', 'limited', 'stopped'].map((name) => `${name}@example.org`);
let postgres: PostgresCluster;
let nodes: Nodes;

before(async () => {
  if (skip !== false) return;
  postgres = await startPostgres();
  nodes = await startNodes(postgres, { accounts });
});
after(async () => {
  await nodes?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const told = async (node: Nodes['all'][number], ...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await node.postern(args);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

const clientOf = (node: Nodes['all'][number], login: string) =>
  openClient({ port: node.server.submission, login, password: PASSWORD });

test(
  'an account that is suspended on one node has no session left on the others within five seconds',
  { skip },
  async (t) => {
    const login = 'suspended@example.org';
    const [first, ...others] = nodes.all;
    const clients = await Promise.all(others.map((node) => clientOf(node, login)));
    const gone = clients.map(({ socket }) => once(socket, 'close').then(() => performance.now()));
    await told(first, 'account', 'suspend', login);
    const suspendedAt = performance.now();
    const latestMs = Math.round(Math.max(...(await Promise.all(gone))) - suspendedAt);
    t.diagnostic(`the last session ended ${latestMs} ms after the command`);
    assert.ok(latestMs < PATIENCE * SUSPENSION_MS, `${latestMs} ms`);
    await assert.rejects(clientOf(first, login), /^Error: 535 /);
  },
);

test(
  'a node that is cut off when an account is suspended elsewhere takes nothing of it from five seconds later on',
  { skip },
  async () => {
    const login = 'cut@example.org';
    const [first, second] = nodes.all;
    const lost = takenOver(nodes);
    const client = await clientOf(second, login);
    assert.match(await submitOne(client, { login, subject: 'before', withMessageId: true }), /^250/);
    second.proxy.freeze();
    await told(first, 'account', 'suspend', login);
    await delay(SUSPENSION_MS);
    const reply = await submitOne(client, { login, subject: 'after', withMessageId: true }).catch(String);
    assert.doesNotMatch(reply, /^250/);
    await eventually('others have taken over', 25, () => takenOver(nodes) > lost);
    second.proxy.thaw();
    client.close();
    await eventually(
      'it holds its lease again',
      30,
      async () => (await fetch(`http://127.0.0.1:${second.server.http}/readyz`)).ok,
    );
    assert.ok(nodes.hop.taken.every(({ messageId }) => !messageId.startsWith('<after@')));
  },
);

/** How many are accepted until one is not. */
async function sendUntilLimited(node: Nodes['all'][number], login: string, name: string): Promise<number> {
  const client = await clientOf(node, login);
  try {
    for (let count = 0; ; count += 1) {
      const reply = await submitOne(client, { login, subject: `${name}${count}`, withMessageId: true });
      if (!reply.startsWith('250')) {
        assert.match(reply, /^4\d\d 4\.7\.\d+ .*limit/i);
        return count;
      }
    }
  } finally {
    client.close();
  }
}

async function send(node: Nodes['all'][number], login: string, name: string, count: number): Promise<void> {
  const client = await clientOf(node, login);
  for (let n = 0; n < count; n += 1)
    assert.match(await submitOne(client, { login, subject: `${name}${n}`, withMessageId: true }), /^250/);
  client.close();
}

const rowsOf = (login: string): Promise<unknown> =>
  postgres.query(
    `SELECT coalesce(sum(charges), 0)::int FROM counter WHERE identity_id = (SELECT id FROM identity WHERE login = '${login}')`,
  );

test(
  'what one node has accepted of an account counts on the others when it has written it, within two seconds',
  { skip },
  async (t) => {
    const login = 'limited@example.org';
    const [first, second, third] = nodes.all;
    await told(first, 'account', 'limit', login, 'messagesPerHour', '40');
    await send(first, login, 'limited-a', 30);
    const sentAt = performance.now();
    await eventually('its counts are written', 5, async () => (await rowsOf(login)) === 30);
    const writtenMs = Math.round(performance.now() - sentAt);
    t.diagnostic(`the counts of the last message were written ${writtenMs} ms after its 250`);
    assert.ok(writtenMs < PATIENCE * 2 * COUNTERS_EVERY_MS, `${writtenMs} ms`);
    assert.equal(await sendUntilLimited(second, login, 'limited-b'), 10);
    await eventually('its counts are written', 5, async () => (await rowsOf(login)) === 40);
    assert.equal(await sendUntilLimited(third, login, 'limited-c'), 0);
  },
);

test(
  'a node that is stopped has written what it counted to its last message, is shown as stopped, and nobody takes it for lost',
  { skip },
  async () => {
    const login = 'stopped@example.org';
    const [first, second, third] = nodes.all;
    const lost = takenOver(nodes);
    await told(first, 'account', 'limit', login, 'messagesPerHour', '12');
    await send(third, login, 'stopped-a', 10);
    await third.server.stop();
    assert.equal(await rowsOf(login), 10);
    assert.match(await told(first, 'status'), /^node n2: stopped \d+ s ago/m);
    assert.equal(await sendUntilLimited(second, login, 'stopped-b'), 2);
    await third.server.start();
    assert.doesNotMatch(third.server.log(), /the name of this node is not free/);
    assert.equal(takenOver(nodes), lost);
  },
);

test(
  'a node with the name of another that lives does not start, and says which one has it; that one goes on',
  { skip },
  async () => {
    const [first, second] = nodes.all;
    await second.server.stop();
    const config = second.rename('n0');
    // Not by spawnSync: its way to the database goes through this very process.
    const starting = spawn(process.execPath, [MAIN, 'serve', '-c', second.server.config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(starting, 'exit');
    const stderr = await text(starting.stderr);
    await ended;
    assert.equal(starting.exitCode, 75, stderr);
    assert.match(
      stderr,
      /^postern: a node called n0 is in the store already, incarnation \w+, on host \S+, and it lives: give each node a name of its own \(`node:`\), or stop that one\n$/,
    );
    config();
    await second.server.start();
    await send(first, 'user0@example.org', 'goes-on', 1);
  },
);

test('a node that is killed has its name back at once where it ran', { skip }, async () => {
  const [first] = nodes.all;
  const lost = takenOver(nodes);
  await first.server.kill();
  await first.server.start();
  assert.doesNotMatch(first.server.log(), /the name of this node is not free/);
  assert.equal(takenOver(nodes), lost);
  await send(first, 'user0@example.org', 'again', 1);
});
