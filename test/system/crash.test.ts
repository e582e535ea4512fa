// kill -9 in the middle of load, again and again, on one data directory. The promise of docs/ARCHITECTURE.md: every message
// whose 250 was sent is delivered; nothing that was refused is; what was cut at its end may be; the trail verifies.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { delivered, eventually, PASSWORD, startServer } from './server.ts';
import { submitAll } from './smtp-load.ts';

const KILLS = Number(process.env['POSTERN_KILLS'] ?? 20);
const CONNECTIONS = 4;

function subjectsIn(directory: string): readonly string[] {
  return delivered(directory).map(
    ({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1] ?? '',
  );
}

test(`5321-y E-Q-7 D-TR-3 BCP134-3.1-h: ${KILLS} times kill -9 under load: nothing promised is lost, the trail verifies`, async (t) => {
  await using server = await startServer({
    extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
  });
  const promised: string[] = [];
  const refused: string[] = [];
  const unknown: string[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    const clients = Array.from({ length: CONNECTIONS }, (_, connection) =>
      submitAll({
        port: server.submission,
        login: 'alice@example.org',
        password: PASSWORD,
        subjects: Array.from({ length: 2000 }, (__, n) => `r${round}c${connection}n${n}`),
        // Every other connection sends messages that are staged in a file of their own.
        bodyOctets: connection % 2 === 0 ? 1500 : 400_000,
      }),
    );
    await delay(150 + ((round * 37) % 400));
    await server.kill('SIGKILL');
    for (const sent of await Promise.all(clients)) {
      promised.push(...sent.promised);
      refused.push(...sent.refused.map(({ subject }) => subject));
      unknown.push(...sent.unknown);
    }
    await server.start({});
  }
  assert.ok(promised.length > KILLS, `only ${promised.length} messages were promised: the load did not run`);

  const arrived = await eventually('delivery of everything promised', 60, () => {
    const now = new Set(subjectsIn(server.outbox));
    return promised.every((subject) => now.has(subject)) && now;
  });
  const queue = await eventually('an empty queue', 60, () => {
    const listed = server.postern(['queue', 'list', '--json']);
    assert.equal(listed.status, 0, listed.stderr);
    return /"deliveries":\s*0/.test(listed.stdout) && listed.stdout;
  });
  assert.ok(queue.length > 0);
  assert.deepEqual(
    refused.filter((subject) => arrived.has(subject)),
    [],
    'a refused message was delivered',
  );
  const allowed = new Set([...promised, ...unknown]);
  assert.deepEqual(
    [...arrived].filter((subject) => !allowed.has(subject)),
    [],
    'a message nobody finished was delivered',
  );

  const copies = subjectsIn(server.outbox).length - arrived.size;
  const unasked = [...arrived].length - promised.length;
  t.diagnostic(`${promised.length} promised, ${unasked} delivered without a 250, ${copies} delivered twice`);
  assert.ok(unasked <= KILLS * CONNECTIONS, 'more than one a connection were delivered without a 250');

  const verified = server.postern(['audit', 'verify']);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});
