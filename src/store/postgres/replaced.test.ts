// What a writer that was given up still has under way comes to nothing: its next one asks for it again, and it would be done twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedEntropy, acceptOf, final, settleOf, virtualClock } from '../store.contract-fixtures.ts';
import { messageIdSource } from '../../base/message-id.ts';
import type { Delivery } from '../port.ts';
import { connect, ConnectionLost } from './connection.ts';
import { openPostgresWriter, type PostgresWriter } from './open.ts';
import { freshDatabase, type TestDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import { sqlOver } from './sql.ts';

const skip = withoutPostgres;
const clock = virtualClock();

function writerOf({ server }: TestDatabase, name: string, replaces: string): Promise<PostgresWriter> {
  return openPostgresWriter({
    ...{ server, clock, entropy: countedEntropy(), name, replaces, clockOffset: 0, isTrusted: true },
    onNotice: () => undefined,
  });
}

test(
  'an accept that comes when its message was asked again and delivered is not done again',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const before = await writerOf(database, 'n/1/a', 'n/1/');
    const ofOther = await writerOf(database, 'n/2/a', 'n/2/');
    const now = clock.now();
    const id = messageIdSource((length) => new Uint8Array(length)).next(now);
    const accept = acceptOf(id, now, { owner: 'o' });
    const next = await writerOf(database, 'n/1/b', 'n/1/');
    const delivery: Delivery = {
      ...{ messageId: id, recipientNumber: 0, attempt: 1, delayReported: false, domain: 'x.example' },
      recipient: { forwardPath: 'b@x.example' },
    };
    await next.apply([{ ...accept, again: true }, settleOf('o', [delivery], final, now)], 0);

    await assert.rejects(before.apply([accept], 0), ConnectionLost);
    const told = await connect(database.server, { clock });
    const events = await sqlOver(told).all('SELECT type FROM event WHERE message_id = $1 ORDER BY place', id);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['accepted', 'relayed'],
    );
    const mine = { type: 'record', events: [] } as const;
    assert.deepEqual(await ofOther.apply([mine], 0), [{ type: 'recorded' }], 'another process goes on');
    await told.close();
    await Promise.all([next.close(), ofOther.close()]);
  },
);
