// Three nodes with `durability: replicated` on a PostgreSQL whose primary Patroni chooses, in strict synchronous mode. Nobody promotes but Patroni: nothing that was
// promised is lost, nothing is accepted while no standby confirms, and the nodes go on by themselves.

import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { type Node, type Nodes, startNodes, takenOver, through } from './nodes.ts';
import { type Member, type PatroniCluster, type Roles, startPatroni, withoutPatroni } from './patroni.ts';
import { eventually, PASSWORD } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const skip = process.env['POSTERN_NODES'] === undefined ? 'npm run nodes runs it' : withoutPatroni;
const login = 'alice@example.org';
let patroni: PatroniCluster;
let nodes: Nodes;

before(async () => {
  if (skip !== false) return;
  patroni = await startPatroni();
  const addresses = patroni.members.map(({ address }) => address);
  const hosts = addresses.map((address) => `"${address}"`).join(', ');
  nodes = await startNodes(
    { url: `postgres://postern@${addresses[0]}/postern` },
    {
      accounts: [login],
      storeOf: () => `{ hosts: [${hosts}], user: postern, database: postern, durability: replicated }`,
    },
  );
});
after(async () => {
  await nodes?.[Symbol.asyncDispose]();
  await patroni?.[Symbol.asyncDispose]();
});

/** What clients may hear meanwhile. */
const LATER = /^4(?:51|21) 4\.3\.\d /;

/** Under load, until a primary has a standby again. Nothing is sent twice, no client is cut off, and nobody is declared dead. */
async function survives(t: TestContext, name: string, make: (roles: Roles) => Promise<void>): Promise<Roles> {
  const before = takenOver(nodes);
  const was = await patroni.roles();
  let is = was;
  let awayMs = 0;
  const { promised, refused, unanswered, latestMs, copies } = await through(nodes, name, async () => {
    const beganAt = performance.now();
    await make(was);
    is = await patroni.roles();
    const endedAt = performance.now();
    awayMs = endedAt - beganAt;
    return { beganAt, endedAt, faulty: [] };
  });
  t.diagnostic(
    `${Math.round(awayMs / 1000)} s without a primary that has a standby; ${promised} promised, ${refused.length} refused, the latest delivered after ${latestMs} ms, ${copies} sent twice`,
  );
  for (const reply of new Set(refused.map(({ reply }) => reply))) t.diagnostic(reply);
  assert.deepEqual([copies, unanswered], [0, 0]);
  assert.equal(takenOver(nodes), before);
  for (const { reply } of refused) assert.match(reply, LATER);
  return is;
}

const comesBack = (member: Member): Promise<unknown> =>
  eventually('it comes back as a standby', 60, () => member.is('replica'));

test(
  'the primary is killed with its Patroni: Patroni promotes its synchronous standby, and nothing that was promised is lost',
  { skip },
  async (t) => {
    const { primary, standby } = await patroni.roles();
    const is = await survives(t, 'killed', () => primary.kill());
    assert.equal(is.primary, standby);
    await primary.start();
    await comesBack(primary);
  },
);

const readiness = async ({ server }: Node): Promise<string> =>
  (await fetch(`http://127.0.0.1:${server.http}/readyz`)).text();

/** Undefined: the node is too busy to let anybody in now. */
async function replyOf({ server }: Node, subject: string): Promise<string | undefined> {
  const session = openClient({ port: server.submission, login, password: PASSWORD });
  const client = await session.catch(() => undefined);
  if (client === undefined) return undefined;
  try {
    return await submitOne(client, { login, subject, withMessageId: true });
  } finally {
    client.close();
  }
}

test(
  'no standby is left: nothing is accepted, clients hear it at once, and mail flows again when one is back',
  { skip },
  async (t) => {
    await survives(t, 'alone', async ({ standby, other }) => {
      await standby.kill();
      await other.kill();
      for (const node of nodes.all) {
        await eventually('not ready', 30, async () =>
          /^store: no: no synchronous standby/m.test(await readiness(node)),
        );
        const reply = await eventually('a reply', 30, () => replyOf(node, `alone${node.number}`));
        assert.match(reply, /^451 4\.3\.2 /);
      }
      await other.start();
    });
    for (const member of patroni.members) if (!(await member.is('running'))) await member.start();
  },
);

test(
  'Patroni of the primary is killed alone: its PostgreSQL promises nothing that it could not keep, and gives way when Patroni is there again',
  { skip },
  async (t) => {
    const { primary, standby } = await patroni.roles();
    const is = await survives(t, 'headless', async () => {
      await primary.killPatroni();
      await eventually('another one is promoted', 60, () => standby.is('primary'));
      assert.equal(await primary.query('SELECT pg_is_in_recovery()'), false, 'two take writes');
      await primary.start();
    });
    assert.equal(is.primary, standby);
    await comesBack(primary);
  },
);

test('the primary is changed by patronictl', { skip }, async (t) => {
  const { primary, standby } = await patroni.roles();
  const is = await survives(t, 'changed', async () => {
    await patroni.ctl('switchover', '--force', '--master', primary.name, '--candidate', standby.name);
    await eventually('the other one leads', 60, () => standby.is('primary'));
  });
  assert.equal(is.primary, standby);
});

test(
  'etcd is away: the primary takes no writes until it is back, and then all goes on',
  { skip },
  async (t) => {
    await survives(t, 'keyless', async ({ primary }) => {
      await patroni.etcd.kill();
      await eventually('it takes no writes any more', 60, () => primary.is('replica'));
      await patroni.etcd.start();
    });
  },
);
