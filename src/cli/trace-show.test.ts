import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { FatePayload, TrailEvent } from '../record/events.ts';
import { trace } from '../audit/trace.ts';
import { showAnswer } from './trace-show.ts';

async function shown(t: TestContext, accepting: object, fate: Partial<FatePayload>): Promise<string> {
  const payload: FatePayload = {
    ...{ recipient: 'bob@far.example', recipientNumber: 0, attempt: 1, status: '2.0.0', diagnostic: 'OK' },
    remote: 'smtp mx.far.example:25',
    ...fate,
  };
  const event: TrailEvent = { type: 'relayed', number: 1, time: 0, messageId: 'm', payload } as never;
  const accepted = {
    ...{ type: 'accepted', number: 0, time: 0, messageId: 'm' },
    payload: {
      ...{ session: { clientAddress: '' }, rule: 'own', withProtocol: 'ESMTPSA', headerFrom: [] },
      ...{ envelope: { reversePath: '', recipients: [{ forwardPath: 'bob@far.example' }] } },
      ...{ octets: 1, bodyHash: '', ...accepting },
    },
  } as never;
  const lookups = {
    findMessages: () => Promise.resolve({ ids: ['m'] }),
    findEvents: () => Promise.resolve({ events: [] }),
    eventsOfMessage: () => Promise.resolve([accepted, event]),
    eventsOfMessages: () => Promise.resolve([accepted, event]),
  } as never;
  const question = { looks: [[{ kind: 'id', id: 'm' }]], text: 'm' } as const;
  const answer = await trace(lookups, question, { max: 9 } as never);
  const written: string[] = [];
  t.mock.method(process.stdout, 'write', (text: string) => Boolean(written.push(text)));
  showAnswer({ question, identities: [], answer });
  t.mock.restoreAll();
  return written.join('');
}

test('E-T-1: trace says that an attempt went in clear because STARTTLS broke, in words that are safe to show', async (t) => {
  assert.match(
    await shown(t, {}, { inClearBecause: 'handshake failure\u001b[2J' }),
    /far\.example:25.*\n +in clear, because STARTTLS broke: handshake failure\?\[2J\n/,
  );
});

test('trace names the node that accepted a message and the one that delivered it, where there are several', async (t) => {
  const text = await shown(t, { node: 'mail1' }, { node: 'mail2' });
  assert.match(text, /^ {2}node {6}mail1$/m);
  assert.match(text, /by smtp mx\.far\.example:25 from node mail2: 2\.0\.0 OK$/m);
  assert.doesNotMatch(await shown(t, {}, {}), /node/);
});

test('trace says until when a message could be taken back', async (t) => {
  const text = await shown(t, { undoUntil: Date.UTC(2026, 10, 24, 9) }, {});
  assert.match(text, /^ {2}undo {6}its sender could take it back until 2026-11-24T09:00:00\.000Z$/m);
});
