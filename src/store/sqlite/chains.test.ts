// Other chains in a store, as a copy from elsewhere brings them: the store's own chain goes on beside them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { START, started } from '../store.contract-fixtures.ts';
import { delivered, findable, findableTerms } from '../store.contract-trail.ts';
import { openDatabase } from './database.ts';
import { STORE_FILE } from './schema.ts';
import { openInside } from './sqlite.contract-fixtures.ts';

test('D-TR-3: sqlite: events of other chains keep their numbers, the own chain counts from 1, and each verifies', async (t) => {
  const source = await openInside(t);
  const foreign = await delivered(source.bench, findable);
  await source.bench.restart();

  const { bench, dataDirectory, inside } = await openInside(t);
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  t.after(() => db.close());
  db.run('ATTACH ? AS source', join(source.dataDirectory, STORE_FILE));
  // A link covers the number of its chain: a copied chain keeps it, and the own one takes another.
  db.exec(`
    INSERT INTO chain SELECT 1, started_at, 'elsewhere', 4, (SELECT link FROM source.event WHERE sequence = 4), NULL, NULL FROM source.chain WHERE true
      ON CONFLICT DO UPDATE SET name = 'elsewhere', head = excluded.head, head_link = excluded.head_link;
    INSERT INTO event SELECT sequence + 100, chain, time, type, message_id, identity_id, salt, payload, content_hash, link, place_salt, place, sequence FROM source.event;
    INSERT INTO chain (id, started_at, name) VALUES (2, ${START + 1}, 'local');
    UPDATE meta SET value = 2 WHERE name = 'ownChain';
  `);
  await bench.restart();

  await bench.one({ type: 'record', events: [started(START)] });
  const own = await delivered(bench, { ...findable, identityId: 'i2' });
  await bench.restart();
  await bench.one({ type: 'record', events: [started(START)] });
  const positions = (await bench.events()).map(({ chain, sequence }) => [chain, sequence]);
  const numbered = (chain: number, last: number) => Array.from({ length: last }, (_, at) => [chain, at + 1]);
  assert.deepEqual(positions, [...numbered(1, 5), ...numbered(2, 7)]);

  for (const when of ['at once', 'indexed']) {
    const { chains, broken } = await verifyTrail(bench.lookups);
    assert.equal(broken, undefined, broken?.because);
    assert.deepEqual(
      chains.map(({ name, sequence }) => [name, sequence]),
      [
        ['elsewhere', 5],
        ['local', 7],
      ],
    );
    for (const { why, term } of findableTerms) {
      const both = term.kind === 'identity' ? [foreign] : [own, foreign];
      assert.deepEqual(await bench.findIds(term, 9), both, `${when}: ${why}`);
    }
    while (inside().writer.indexTail(3));
  }
  const [, local] = await bench.lookups.chains();
  assert.deepEqual([local?.chain, local?.head.sequence], [2, 7]);
});
