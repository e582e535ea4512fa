// The two pairs of generator and next hop that the benchmarks have, in Node and in C, do the same and count the same: figures of one stand for the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ends, nodeEnds } from '../../bench/measuring.ts';
import { leanestEnds } from '../../bench/native.ts';
import { eventually, PASSWORD, startServer } from './server.ts';

const LOGIN = 'alice@example.org';
const { ends: leanest, lacking } = leanestEnds();

async function measureWith(ends: Ends): Promise<void> {
  const sink = await ends.startSink();
  await using server = await startServer({ relay: `relay: { smarthost: "smtp://127.0.0.1:${sink.port}" }` });
  const from = { port: server.submission, user: LOGIN, password: PASSWORD, from: LOGIN };
  const small = { ...from, connections: 3, perConnection: 4, messages: 30, octets: 4096, tag: 'small' };
  const large = { ...from, connections: 2, perConnection: 1, messages: 4, octets: 1 << 20, tag: 'large' };
  const counted = async (unique: number, duplicates: number): Promise<void> => {
    await eventually(`${unique} messages and ${duplicates} again`, 30, async () => {
      const counts = await sink.counts();
      return counts.unique === unique && counts.duplicates === duplicates;
    });
  };
  try {
    for (const [load, unique, duplicates] of [
      [small, 30, 0],
      [large, 34, 0],
      [large, 34, 4],
    ] as const) {
      const { accepted, errors, p50Ms, p99Ms, generatorCpuSeconds } = await ends.runLoad(load);
      assert.deepEqual({ accepted, errors }, { accepted: load.messages, errors: 0 });
      assert.ok(p50Ms > 0 && p99Ms >= p50Ms && generatorCpuSeconds > 0);
      await counted(unique, duplicates);
    }
    const refused = await ends.runLoad({ ...small, password: 'wrong', messages: 2, connections: 1 });
    assert.equal(refused.accepted, 0);
    assert.ok(refused.errors > 0);
    await counted(34, 4);
  } finally {
    sink.stop();
  }
}

test('the benchmarks in Node send and count what they say', () => measureWith(nodeEnds));

test('the benchmarks in C send and count what they say', { skip: lacking ?? false }, () =>
  measureWith(leanest),
);
