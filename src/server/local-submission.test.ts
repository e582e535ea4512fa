// A message of a program on this host is judged as one on a connection is, to the octet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFront, turns } from '../../test/fakes/front.ts';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import { submitLocally } from './local-submission.ts';

const MESSAGE = 'From: alice@example.org\r\nTo: x@far.example\r\n\r\n';
const limits = {
  ...{ messageOctetsMax: 1000, recipientsMax: 100, longLines: 'refuse' as const },
  timeouts: { beforeAuthMs: 60_000, loginMs: 60_000, idleMs: 60_000, replyMs: 60_000 },
};

test('EXT-SIZE-b: of a local program too exactly the limit is taken, one octet more is not', async () => {
  const { front } = await openFront({ memoryOctets: 1_000_000 });
  for (const [octets, code] of [
    [1000, undefined],
    [1001, 552],
  ] as const) {
    const content = Buffer.from(`${MESSAGE}${'x'.repeat(octets - MESSAGE.length - 2)}\r\n`);
    assert.equal(content.length, octets);
    const answer = await submitLocally(front, limits, {
      ...{ login: 'alice@example.org', osUser: 'alice', content },
      envelope: { reversePath: 'alice@example.org', recipients: ['x@far.example'] },
    });
    assert.equal(answer.type === 'refused' ? answer.reply.code : undefined, code, JSON.stringify(answer));
  }
});

test('BCP134-3.1-f: of a local program too nothing is accepted whose account was suspended meanwhile', async () => {
  const { front, mailbox, world } = await openFront();
  const answered = submitLocally(front, limits, {
    ...{ login: 'alice@example.org', osUser: 'alice', content: Buffer.from(MESSAGE) },
    envelope: { reversePath: 'alice@example.org', recipients: ['bob@example.org'] },
  });
  await turns();
  const { id: identityId } = aliceAsStored;
  world.identities.set(identityId, { ...aliceAsStored, state: 'suspended', revision: 2 });
  world.context.standings.noticed({
    ...{ type: 'identityChanged', identityId, revision: 2 },
    ...{ state: 'suspended', gone: [] },
  });
  mailbox.answer('exists');
  const answer = await answered;
  assert.equal(answer.type === 'refused' ? answer.reply.code : undefined, 550, JSON.stringify(answer));
  assert.ok(world.store.changes.every(({ type }) => type !== 'accept'));
});
