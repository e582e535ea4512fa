// Three nodes on one PostgreSQL of Debian's, each with a proxy of its own on its way there, a client that sends it mail, and a next hop that counts. What must hold
// when they have been through trouble: nothing promised is lost, all of it is delivered in time, and twice only what was under way where the trouble was.

import assert from 'node:assert/strict';
import { LEASE_MS } from '../../src/store/lease.ts';
import { type Proxy, proxyTo } from '../postgres/proxy.ts';
import { type CountingHop, startCountingHop } from './counting-hop.ts';
import type { PostgresCluster } from './postgres.ts';
import { settled, type Told } from './promises.ts';
import { eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { type Ended, openShell, type Shell } from './shell.ts';
import { type Load, messageIdOf, startLoad } from './smtp-load.ts';

const NODES = [0, 1, 2] as const;
const loginOf = (node: number): string => `user${node}@example.org`;
/** Of each client between two messages, ms: at most some 20 messages a second in all. */
const PAUSE_MS = 130;
const OCTETS = 4096;
/** Of each node to the next hop. */
const HOP_CONNECTIONS = 4;
/** After trouble, until what was promised is delivered, ms (cluster.md, section 12). */
const DELIVERED_MS = LEASE_MS + 10_000;

export interface Node {
  readonly number: number;
  readonly server: TestServer;
  /** On its way to PostgreSQL. */
  readonly proxy: Proxy;
  /** How often its log has said it. */
  said(message: string): number;
  /** A command beside it. */
  postern(args: readonly string[]): Promise<Ended>;
}

export interface Nodes extends AsyncDisposable {
  readonly postgres: PostgresCluster;
  readonly hop: CountingHop;
  readonly all: readonly [Node, Node, Node];
}

export async function startNodes(postgres: PostgresCluster): Promise<Nodes> {
  const stack = new AsyncDisposableStack();
  const hop = stack.use(await startCountingHop(NODES.length));
  const shell = await openShell('/');
  stack.defer(() => shell.close());
  const nodeOf = async (number: number, accounts: readonly string[]): Promise<Node> => {
    const proxy = stack.use(await proxyTo(postgres.url));
    const server = stack.use(
      await startServer({
        accounts,
        relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.portOf(number)}", connections: ${HOP_CONNECTIONS}, retry: [1s] }`,
        extra: `store: { postgres: "${proxy.url}" }\nnode: n${number}\nlimits: { identity: { messagesPerHour: none, recipientsPerHour: none } }`,
      }),
    );
    return openNode({ number, server, proxy, shell });
  };
  const first = await nodeOf(0, NODES.map(loginOf));
  const [second, third] = await Promise.all([nodeOf(1, []), nodeOf(2, [])]);
  return {
    ...{ postgres, hop, all: [first, second, third] },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function openNode({ shell, ...node }: Pick<Node, 'number' | 'server' | 'proxy'> & { shell: Shell }): Node {
  const { server } = node;
  return {
    ...node,
    said: (message) => server.log().split(`"msg":"${message}`).length - 1,
    postern: (args) => shell.run([...args, '-c', server.config]),
  };
}

const GONE = 'a node is gone';

/** What became of it. */
export interface Trouble {
  /** When it was over, by the monotonic clock, ms. */
  readonly endedAt: number;
  /** What these nodes had sent without having heard of it may be sent again by others. */
  readonly faulty: readonly Node[];
}

export interface Aftermath {
  readonly promised: number;
  readonly refused: Told['refused'];
  /** Of what was promised: taken so long after the trouble, or its own promise, ms. */
  readonly latestMs: number;
  /** Sent twice. */
  readonly copies: number;
}

/** Mail goes in at all nodes before, while and after there is trouble; then everything has to be in order. `name`: of subjects, none has had it. */
export async function through(
  nodes: Nodes,
  name: string,
  make: (flows: (when: string) => Promise<void>) => Promise<Trouble>,
): Promise<Aftermath> {
  const { all, hop } = nodes;
  const before = hop.taken.length;
  const loads = all.map(({ number, server }) =>
    startLoad({
      ...{ port: server.submission, login: loginOf(number), password: PASSWORD, connections: 1 },
      ...{ name: `${name}${number}`, pauseMs: PAUSE_MS, bodyOctets: () => OCTETS, withMessageId: true },
    }),
  );
  try {
    await flows(loads, 'before the trouble');
    const { endedAt, faulty } = await make((when) => flows(loads, when));
    await flows(loads, 'after the trouble');
    await Promise.all(loads.map((load) => load.stop()));
    return await inOrder(nodes, { loads, endedAt, faulty, before });
  } finally {
    for (const load of loads) load.abort();
  }
}

/** Every node takes some. */
async function flows(loads: readonly Load[], when: string): Promise<void> {
  const before = loads.map(({ promised }) => promised.length);
  await eventually(`mail at all nodes ${when}`, 60, () =>
    loads.every(({ promised }, at) => promised.length >= (before[at] ?? 0) + 10),
  );
}

async function inOrder(
  { all, hop }: Nodes,
  o: Trouble & { readonly loads: readonly Load[]; readonly before: number },
): Promise<Aftermath> {
  const { loads, endedAt, faulty, before } = o;
  const told: Told = {
    promised: loads.flatMap(({ promised }) => promised).map(messageIdOf),
    refused: loads
      .flatMap(({ refused }) => refused)
      .map((one) => ({ ...one, subject: messageIdOf(one.subject) })),
    unknown: loads.flatMap(({ unknown }) => unknown).map(messageIdOf),
  };
  const taken = () => hop.taken.slice(before);
  await settled({ server: all[0], load: told, taken: () => taken().map(({ messageId }) => messageId) });
  const takings = Map.groupBy(taken(), ({ messageId }) => messageId);
  const late = loads
    .flatMap(({ replies }) => replies)
    .map(({ subject, at }) => {
      const [first] = takings.get(messageIdOf(subject)) ?? [];
      return (first?.at ?? Infinity) - Math.max(at, endedAt);
    });
  const latestMs = Math.round(Math.max(...late));
  assert.ok(latestMs <= DELIVERED_MS, `delivered ${latestMs} ms after the trouble`);
  const copied = [...takings.values()].filter(({ length }) => length > 1);
  const strange = copied.filter(([first]) => faulty.every(({ number }) => number !== first?.node));
  assert.deepEqual(strange, [], 'sent twice, but not where the trouble was');
  const copies = copied.reduce((sum, { length }) => sum + length - 1, 0);
  assert.ok(copies <= faulty.length * HOP_CONNECTIONS, `${copies} copies`);
  return { promised: told.promised.length, refused: told.refused, latestMs, copies };
}

/** Of how many lives others have said that they are gone. */
export const takenOver = ({ all }: Nodes): number => all.reduce((sum, node) => sum + node.said(GONE), 0);
