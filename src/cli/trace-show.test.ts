import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FatePayload, TrailEvent } from '../record/events.ts';
import { trace } from '../audit/trace.ts';
import { showAnswer } from './trace-show.ts';

test('E-T-1: trace says that an attempt went in clear because STARTTLS broke, in words that are safe to show', async (t) => {
  const payload: FatePayload = {
    ...{ recipient: 'bob@far.example', recipientNumber: 0, attempt: 1, status: '2.0.0', diagnostic: 'OK' },
    ...{ remote: 'smtp mx.far.example:25', inClearBecause: 'handshake failure\u001b[2J' },
  };
  const event: TrailEvent = { type: 'relayed', number: 1, time: 0, messageId: 'm', payload } as never;
  const accepted = {
    ...{ type: 'accepted', number: 0, time: 0, messageId: 'm' },
    payload: {
      ...{ session: { clientAddress: '' }, rule: 'own', withProtocol: 'ESMTPSA', headerFrom: [] },
      ...{ envelope: { reversePath: '', recipients: [{ forwardPath: 'bob@far.example' }] } },
      ...{ octets: 1, bodyHash: '' },
    },
  } as never;
  const lookups = {
    findMessages: () => Promise.resolve({ ids: ['m'] }),
    findEvents: () => Promise.resolve({ events: [] }),
    eventsOfMessage: () => Promise.resolve([accepted, event]),
  } as never;
  const question = { looks: [[{ kind: 'id', id: 'm' }]], text: 'm' } as const;
  const answer = await trace(lookups, question, { max: 9 } as never);
  const written: string[] = [];
  t.mock.method(process.stdout, 'write', (text: string) => Boolean(written.push(text)));
  showAnswer({ question, identities: [], answer });
  t.mock.restoreAll();
  assert.match(
    written.join(''),
    /far\.example:25.*\n +in clear, because STARTTLS broke: handshake failure\?\[2J\n/,
  );
});
