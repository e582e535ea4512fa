// Contract of the search for a part of a recipient's address, as it is written in a person's own mail.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, type Open, started } from './store.contract-fixtures.ts';

const to = ['Bob@One.example', '"two words"@x.example', String.raw`"a\\b"@x.example`, 'Пётр@z.example'];

const parts: readonly { readonly part: string; readonly finds: readonly number[]; readonly why: string }[] = [
  { part: 'bOB@one', finds: [0], why: 'in any case' },
  { part: 'x.example', finds: [2, 1], why: 'newest first' },
  { part: '"two', finds: [1], why: 'with what JSON escapes' },
  { part: String.raw`\\b`, finds: [2], why: 'with what JSON escapes twice' },
  { part: 'пЁТР', finds: [3], why: 'letters that are not ASCII, in any case' },
  { part: '', finds: [3, 2, 1, 0], why: 'all' },
  { part: 'reversePath', finds: [], why: 'what stands in the record beside the addresses' },
  { part: 'alice', finds: [], why: 'the sender' },
];

export function recipientsContract(name: string, open: Open): void {
  test(`${name}: mail is found by a part of the address of a recipient`, async () => {
    await using bench = await Bench.open(open);
    const ids: string[] = [];
    for (const one of to)
      ids.push((await bench.accepted({ from: 'alice@example.org', to: [one], identityId: 'i1' })).message.id);
    const term = { kind: 'identity', identityId: 'i1' } as const;
    for (const when of ['at once', 'when it is indexed, after a restart']) {
      for (const { part, finds, why } of parts) {
        const { events } = await bench.lookups.findEvents([term], { recipient: part, max: 9 });
        const found = events.map(({ messageId = '' }) => ids.indexOf(messageId));
        assert.deepEqual(found, finds, `${when}: ${why}`);
      }
      await bench.idle();
      await bench.restart();
    }
  });

  test(`${name}: a search looks at no more events than it is told to, and goes on from there`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['bob@one.example'], identityId: 'i1' });
    const later = Array.from({ length: 4 }, (_, at) => ({ ...started(at), identityId: 'i1' }));
    assert.deepEqual(await bench.one({ type: 'record', events: later }), { type: 'recorded' });
    const term = { kind: 'identity', identityId: 'i1' } as const;
    const range = { recipient: 'bob', max: 9, examinedMax: 3 };
    const { events, next = '' } = await bench.lookups.findEvents([term], range);
    assert.deepEqual([events, next !== ''], [[], true]);
    const rest = await bench.lookups.findEvents([term], { ...range, after: next });
    assert.deepEqual([rest.events.map(({ messageId }) => messageId), rest.next], [[message.id], undefined]);
  });
}
