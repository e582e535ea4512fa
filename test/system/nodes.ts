// Three nodes on one PostgreSQL of Debian's, each with a proxy of its own on its way there, a client that sends it mail, and a next hop that counts. What must hold
// when they have been through trouble: nothing promised is lost, all of it is delivered in time, and twice only what was under way where the trouble was, which a node that
// lives on finds out and counts.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { LEASE_MS } from '../../src/store/lease.ts';
import { type Proxy, proxyTo } from '../postgres/proxy.ts';
import { type CountingHop, startCountingHop } from './counting-hop.ts';
import type { PostgresCluster } from './postgres.ts';
import { settled, type Told } from './promises.ts';
import { eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { type Ended, openShell, type Shell } from './shell.ts';
import { type Load, messageIdOf, startLoad } from './smtp-load.ts';

const NODES = [0, 1, 2] as const;
export const loginOf = (node: number): string => `user${node}@example.org`;
/** Of each client between two messages, ms: at most some 20 messages a second in all. */
const PAUSE_MS = 130;
const OCTETS = 4096;
/** Of each node to the next hop. */
const HOP_CONNECTIONS = 4;
/**
 * What a node has sent is settled so soon, ms: it gives up a connection that does not answer for so long. What was sent before its trouble by more is not sent again. How
 * many were sent since then hangs on how fast commits are: on a busy machine on what else it does.
 */
const SETTLED_MS = 5_000;
/** After trouble, until what was promised is delivered, ms (cluster.md, section 12). */
const DELIVERED_MS = LEASE_MS + 10_000;

export interface Node {
  readonly number: number;
  readonly server: TestServer;
  /** On its way to PostgreSQL. */
  readonly proxy: Proxy;
  /** How often its log has said it. */
  said(message: string): number;
  /** Ends that it found its lease gone at, by its metrics. */
  fenced(): Promise<number>;
  /** In its configuration, for its next start; gives what takes that back. */
  rename(name: string): () => void;
  /** A command beside it. */
  postern(args: readonly string[]): Promise<Ended>;
}

export interface NodesOptions {
  /** Besides those that the load uses. */
  readonly accounts?: readonly string[];
  storeOf?(proxy: Proxy): string;
  /** More lines of their configuration. */
  readonly extra?: string;
  /** As `StartOptions` has it, for all. */
  readonly launcher?: string;
}

export interface Nodes extends AsyncDisposable {
  readonly hop: CountingHop;
  readonly all: readonly [Node, Node, Node];
}

/** Everybody may log in anywhere. `storeOf`: the value of `store.postgres`, given the way of a node. */
export async function startNodes(
  postgres: Pick<PostgresCluster, 'url'>,
  { accounts = [], storeOf = (proxy) => `"${proxy.url}"`, extra = '', ...start }: NodesOptions = {},
): Promise<Nodes> {
  await using stack = new AsyncDisposableStack();
  const hop = stack.use(await startCountingHop(NODES.length));
  const shell = await openShell('/');
  stack.defer(() => shell.close());
  const nodeOf = async (number: number, its: readonly string[]): Promise<Node> => {
    const proxy = stack.use(await proxyTo(postgres.url));
    const server = stack.use(
      await startServer({
        ...start,
        accounts: its,
        relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.portOf(number)}", connections: ${HOP_CONNECTIONS}, retry: [1s] }`,
        extra: `store: { postgres: ${storeOf(proxy)} }\nnode: n${number}\nlimits: { identity: { messagesPerHour: none, recipientsPerHour: none } }\n${extra}`,
      }),
    );
    return openNode({ number, server, proxy, shell });
  };
  const first = await nodeOf(0, [...NODES.map(loginOf), ...accounts]);
  const [second, third] = await Promise.all([nodeOf(1, []), nodeOf(2, [])]);
  const owned = stack.move();
  return {
    ...{ hop, all: [first, second, third] },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openNode({ shell, ...node }: Pick<Node, 'number' | 'server' | 'proxy'> & { shell: Shell }): Node {
  const { server } = node;
  return {
    ...node,
    said: (message) => server.log().split(`"msg":"${message}`).length - 1,
    async fenced() {
      const answer = await fetch(`http://127.0.0.1:${server.http}/metrics`);
      return Number(/^postern_fenced_total (\d+)$/m.exec(await answer.text())?.[1]);
    },
    rename(name) {
      const before = readFileSync(server.config, 'utf8');
      writeFileSync(server.config, before.replace(/^node: .*$/m, `node: ${name}`));
      return () => writeFileSync(server.config, before);
    },
    postern: (args) => shell.run([...args, '-c', server.config]),
  };
}

const GONE = 'a node is gone';

/** What became of it. */
export interface Trouble {
  /** By the monotonic clock, ms. */
  readonly beganAt: number;
  readonly endedAt: number;
  /** What these nodes had sent without having settled it may be sent again by others. */
  readonly faulty: readonly Node[];
  /** Message-IDs that got a 250 beside the load. */
  readonly promised?: readonly string[];
  /** Their processes did not live to find out. */
  readonly killed?: true;
}

export interface Aftermath {
  readonly promised: number;
  readonly refused: Told['refused'];
  /** Cut at their end, without a reply. */
  readonly unanswered: number;
  /** Of what was promised: taken so long after the trouble, or its own promise, ms. */
  readonly latestMs: number;
  /** Sent twice. */
  readonly copies: number;
  /** Ends that came too late, as nodes have counted them. */
  readonly fenced: number;
}

/** Mail goes in at all nodes before, while and after there is trouble; then everything has to be in order. `name`: of subjects, none has had it. */
export async function through(
  nodes: Nodes,
  name: string,
  make: (flows: (when: string) => Promise<void>) => Promise<Trouble>,
): Promise<Aftermath> {
  const { all, hop } = nodes;
  const before = hop.taken.length;
  const fencedBefore = await fencedBy(all);
  const loads = all.map(({ number, server }) =>
    startLoad({
      ...{ port: server.submission, login: loginOf(number), password: PASSWORD, connections: 1 },
      ...{ name: `${name}${number}`, pauseMs: PAUSE_MS, bodyOctets: () => OCTETS, withMessageId: true },
    }),
  );
  try {
    await flows(loads, 'before the trouble');
    const trouble = await make((when) => flows(loads, when));
    await flows(loads, 'after the trouble');
    await Promise.all(loads.map((load) => load.stop()));
    return await inOrder(nodes, { ...trouble, loads, before, fencedBefore });
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
  o: Trouble & { readonly loads: readonly Load[]; readonly before: number; readonly fencedBefore: number },
): Promise<Aftermath> {
  const { loads, beganAt, endedAt, faulty, before } = o;
  const told: Told = {
    promised: [...loads.flatMap(({ promised }) => promised).map(messageIdOf), ...(o.promised ?? [])],
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
  const strange = copied.filter(
    ([first]) =>
      first === undefined ||
      first.at < beganAt - SETTLED_MS ||
      faulty.every(({ number }) => number !== first.node),
  );
  assert.deepEqual(strange, [], 'sent twice, but not when and where the trouble was');
  const copies = copied.reduce((sum, { length }) => sum + length - 1, 0);
  // Those that were killed count from zero.
  const fenced = o.killed === true ? 0 : (await fencedBy(all)) - o.fencedBefore;
  if (o.killed !== true)
    assert.ok(copies <= fenced, `${copies} copies, and ${fenced} ends that came too late`);
  const [promised, unanswered] = [told.promised.length, told.unknown.length];
  return { promised, refused: told.refused, unanswered, latestMs, copies, fenced };
}

async function fencedBy(all: readonly Node[]): Promise<number> {
  const counts = await Promise.all(all.map((node) => node.fenced()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Of how many lives others have said that they are gone. */
export const takenOver = ({ all }: Nodes): number => all.reduce((sum, node) => sum + node.said(GONE), 0);
