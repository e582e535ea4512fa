// An upgrade of three nodes on one PostgreSQL under load, as docs/CLUSTER.md has it: the tables are brought forward while nodes of the release before go on, then the nodes
// are replaced one by one, and one goes back and forth. Nothing is lost or sent twice, and clients hear nothing that another try does not mend.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { breaking, steps } from '../../src/store/postgres/schema.ts';
import { loginOf, type Node, type Nodes, startNodes, takenOver, through } from './nodes.ts';
import { startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually, PASSWORD } from './server.ts';
import { type Client, messageIdOf, openClient } from './smtp-load.ts';
import { thisTree, type Tree, treeAfter, treeBefore } from './trees.ts';

const skip = process.env['POSTERN_NODES'] === undefined ? 'npm run nodes runs it' : withoutDebianPostgres;
const KNOWN = steps.length;

/** Changes that a step may bring to tables that every message goes through. */
const LATER = `
  ALTER TABLE inflight ADD COLUMN later int NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN later text COLLATE "C";
  ALTER TABLE recipient ADD COLUMN later bool NOT NULL DEFAULT false;
  ALTER TABLE event ADD COLUMN later bytea;
  ALTER TABLE life ADD COLUMN later bigint;
  CREATE INDEX message_later ON message (accepted_at);
  CREATE TABLE later (id uuid PRIMARY KEY, at bigint NOT NULL);
`;

interface Upgrade {
  readonly name: string;
  /** Of the tables, before and after. */
  readonly from: number;
  before(): Tree;
  now(): Tree;
  /** Who brings the tables forward. */
  readonly by: 'store migrate' | 'the first start';
}

const upgrades: readonly Upgrade[] = [
  {
    ...{ name: 'to this release', from: KNOWN - 1, by: 'store migrate' },
    ...{ before: treeBefore, now: () => thisTree },
  },
  {
    ...{ name: 'to one that changes the tables of the queue', from: KNOWN, by: 'the first start' },
    ...{ before: () => thisTree, now: () => treeAfter(LATER) },
  },
];

async function told({ launcher }: Tree, { server }: Node, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(launcher, [...args, '-c', server.config]);
  return stdout;
}

const readiness = async ({ server }: Node): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${server.http}/readyz`).catch(() => undefined);
  return response === undefined ? 'away' : `${response.status} ${await response.text()}`;
};

/** A session that has begun to send content; undefined: the node is too busy for it now. */
async function inContent({ number, server }: Node, subject: string): Promise<Client | undefined> {
  const login = loginOf(number);
  const client = await openClient({ port: server.submission, login, password: PASSWORD }).catch(
    () => undefined,
  );
  if (client === undefined) return undefined;
  for (const line of [`MAIL FROM:<${login}>`, 'RCPT TO:<x@far.example>', 'DATA'])
    if (!/^[23]/.test(await client.command(line))) {
      client.close();
      return undefined;
    }
  client.write(`From: <${login}>\r\nMessage-ID: ${messageIdOf(subject)}\r\n`);
  return client;
}

/** Drained and started again by another release. Gives the Message-ID of what it took while it said that it stops. */
async function replace(node: Node, { launcher }: Tree, subject: string): Promise<readonly string[]> {
  const client = await eventually('a session', 30, () => inContent(node, subject));
  const stopped = node.server.stop();
  await eventually('it says that it stops', 20, async () =>
    /^503 [^]*^staying: no/m.test(await readiness(node)),
  );
  const reply = await client.command('\r\nbody\r\n.');
  assert.match(reply, /^(?:250|451) /);
  await stopped;
  client.close();
  await node.server.start({ launcher });
  await eventually('it is ready', 30, async () => (await readiness(node)).startsWith('200 '));
  return reply.startsWith('250') ? [messageIdOf(subject)] : [];
}

async function upgraded(t: TestContext, nodes: Nodes, { from, by, before, now }: Upgrade): Promise<void> {
  using old = before();
  using release = now();
  const [first] = nodes.all;
  const lost = takenOver(nodes);
  const { promised, refused, unanswered, latestMs, copies } = await through(
    nodes,
    `to${from + 1}`,
    async (flows) => {
      const beganAt = performance.now();
      if (by === 'store migrate') {
        assert.match(
          await told(release, first, 'store', 'migrate'),
          new RegExp(`^the tables were brought from schema ${from} to ${from + 1}$`, 'm'),
        );
        await flows('by the release before, on the new tables');
      }
      const also: string[] = [];
      const byTurns = [
        ...nodes.all.map((node) => [node, release] as const),
        [first, old],
        [first, release],
      ] as const;
      for (const [at, [node, tree]] of byTurns.entries()) {
        also.push(...(await replace(node, tree, `while${from + 1}stops${at}`)));
        const status = await told(old, first, 'store', 'status');
        assert.match(status, new RegExp(`^schema: ${from + 1} \\(this Postern knows ${from},`, 'm'));
        assert.match(status, /^nothing is missing$/m);
        await flows('after a node was replaced');
      }
      return { beganAt, endedAt: performance.now(), faulty: [], killed: true, promised: also };
    },
  );
  t.diagnostic(
    `${promised} promised, ${refused.length} refused, ${unanswered} unanswered, the latest delivered after ${latestMs} ms, ${copies} sent twice`,
  );
  for (const reply of new Set(refused.map(({ reply }) => reply))) t.diagnostic(reply);
  for (const { reply } of refused) assert.match(reply, /^4[25]1 4\./);
  assert.equal(unanswered, 0);
  assert.equal(copies, 0);
  assert.equal(takenOver(nodes), lost);
  const lines = nodes.all.flatMap(({ server }) => server.log().split('\n'));
  assert.deepEqual(
    lines.filter((line) => /does not exist|cached plan|permission denied/.test(line)),
    [],
  );
}

for (const upgrade of upgrades.filter(({ from }) => !breaking.has(from + 1)))
  test(`nodes are upgraded one by one under load, ${upgrade.name}`, { skip }, async (t) => {
    await using postgres = await startPostgres();
    using old = upgrade.before();
    await using nodes = await startNodes(postgres, {
      launcher: old.launcher,
      extra: 'drain: { announce: 1s }',
    });
    await upgraded(t, nodes, upgrade);
  });
