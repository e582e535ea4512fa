// Times at which something is due, brought to the clock of the store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptChange, Change } from './port.ts';
import {
  acceptOf,
  deferred,
  final,
  HOUR,
  identityChange,
  identityOf,
  settleOf,
  START,
  started,
  withNotices,
} from './store.contract-fixtures.ts';
import { inStoreTime } from './store-time.ts';

const ID = '01KB0000000000000000000000';
const delivery = (recipientNumber: number) => ({
  ...{ messageId: ID, recipientNumber, attempt: 1, domain: 'x.example', delayReported: false },
  recipient: { forwardPath: 'b@x.example' },
});
const accept = acceptOf(ID, START, {});
const charged = (at: number): AcceptChange => ({
  ...accept,
  charge: { identityId: 'i', charge: { at, recipients: 1, nullSender: false }, limits: {} },
});
const settle = {
  ...settleOf('o', [delivery(0)], deferred(START + 5), START),
  recipients: [
    ...settleOf('o', [delivery(0)], deferred(START + 5), START).recipients,
    ...settleOf('o', [delivery(1)], final, START).recipients,
  ],
};
const told = withNotices(settleOf('o', [delivery(0)], final, START), START, START + 7);
const event = started(START);
const report = { type: 'report', messageId: ID, notices: [], event } as const;
const queue = { type: 'queue', action: 'retry', now: START, by: 'root' } as const;

const vectors: readonly { readonly why: string; readonly asked: Change; readonly sent: Change }[] = [
  { why: 'an accept', asked: accept, sent: { ...accept, dueAt: START - HOUR } },
  {
    why: 'an accept that is charged to a limit',
    asked: charged(START),
    sent: { ...charged(START - HOUR), dueAt: START - HOUR },
  },
  {
    why: 'a lease that is given back',
    asked: { type: 'free', ownerPrefix: 'o', dueAt: START },
    sent: { type: 'free', ownerPrefix: 'o', dueAt: START - HOUR },
  },
  {
    why: 'who is tried again later, and not who is done',
    asked: settle,
    sent: {
      ...settle,
      recipients: settle.recipients.map((one, at) =>
        at === 0 ? { ...one, fate: deferred(START + 5 - HOUR) } : one,
      ),
    },
  },
  { why: 'when a report tells', asked: told, sent: { ...told, tellBy: START + 7 - HOUR } },
  {
    why: 'a report',
    asked: { ...report, report: accept },
    sent: { ...report, report: { ...accept, dueAt: START - HOUR } },
  },
  { why: 'that none is written', asked: report, sent: report },
  {
    why: 'a command',
    asked: { ...queue, selector: { dueAfter: START + HOUR, to: 'x' } },
    sent: { ...queue, selector: { dueAfter: START, to: 'x' }, now: START - HOUR },
  },
  {
    why: 'a command for all',
    asked: { ...queue, selector: {} },
    sent: { ...queue, selector: {}, now: START - HOUR },
  },
  {
    why: 'what is too old to be kept',
    asked: { type: 'purge', eventsBefore: START, now: START + HOUR, max: 1 },
    sent: { type: 'purge', eventsBefore: START - HOUR, now: START, max: 1 },
  },
  ...[
    { type: 'claim', owner: 'o', token: 't', shares: [] } as const,
    { type: 'dueNotices', putOffMs: 5, max: 1 } as const,
    { type: 'record', events: [event] } as const,
    identityChange(identityOf('a'), 0, START),
  ].map((asked) => ({ why: `nothing is due in ${asked.type}`, asked, sent: asked })),
];

for (const { why, asked, sent } of vectors)
  test(`the clock of the store: ${why}`, () => {
    assert.deepEqual(inStoreTime(asked, HOUR), sent);
    assert.deepEqual(inStoreTime(sent, -HOUR), asked);
  });
