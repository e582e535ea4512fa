// Mail that waits for its next hop makes the overview's sentence honest after a start, before the hop is tried again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, queueForLargerDomains } from '../../test/fakes/desk-with-mail.ts';
import {
  acceptOf,
  deferred,
  fateEvent,
  HOUR,
  MINUTE,
  settleOf,
  START,
} from '../store/store.contract-fixtures.ts';

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const idAt = (at: number): string => `01ARZ3NDEKTSV4RRFFQ69G5F0${letters[at]}`;
const REFUSED = 'smtp mta:25: connect ECONNREFUSED 192.0.2.9:25';

interface Waits {
  /** How many messages wait; absent: one. */
  readonly messages?: number;
  /** How long, ms. */
  readonly since: number;
  /** How the last attempt ended; absent: there was none. */
  readonly last?: readonly [status: string, reply: string];
  readonly held?: true;
  /** It was not tried: its sender may take it back. */
  readonly inUndoWindow?: true;
  /** The server knows that the hop is down. */
  readonly isKnown?: true;
  /** Other domains have more mail. */
  readonly isSmall?: true;
}

async function overviewOf({
  messages = 1,
  since,
  last,
  held,
  inUndoWindow,
  isKnown,
  isSmall,
}: Waits): Promise<string> {
  const downHops = isKnown === true ? [{ route: 'files', diagnostic: REFUSED, since: START }] : [];
  const at = await begin({ condition: { downHops } });
  const { store } = at.office.ports;
  for (let count = 0; count < messages; count += 1) {
    const owner = 'a/b/1.1';
    const said = inUndoWindow === true ? { undoUntil: START + since } : { owner };
    await store.commit([acceptOf(idAt(count), START, said)]);
    if (inUndoWindow === true) continue;
    const delivery = {
      ...{ messageId: idAt(count), recipientNumber: 0, attempt: 1, domain: 'example.net' },
      ...{ recipient: { forwardPath: 'bob@example.net' }, delayReported: false },
    };
    const dueAt = START + since + HOUR;
    if (last === undefined) {
      await store.commit([{ type: 'free', ownerPrefix: owner, dueAt }]);
      continue;
    }
    const settle = settleOf(owner, [delivery], deferred(dueAt), START);
    const event = fateEvent(delivery, deferred(dueAt), START);
    const [status, diagnostic] = last;
    const recipients = settle.recipients.map((one) => ({
      ...one,
      event: { ...event, payload: { ...event.payload, status, diagnostic } } as typeof event,
    }));
    const [outcome] = await store.commit([{ ...settle, recipients }]);
    assert.equal(outcome.type, 'settled');
  }
  if (held === true) await at.office.changeQueue({ part: { domain: 'example.net' }, action: 'hold' });
  at.office.clock.advance(since);
  if (isSmall === true) await queueForLargerDomains(at.office);
  const { cookie } = await at.enter();
  return (await at.get('/', { cookie })).text();
}

const cases: readonly (readonly [why: string, waits: Waits, says: RegExp | undefined])[] = [
  [
    'its hop was not reached',
    { since: MINUTE, last: ['4.4.1', REFUSED] },
    /Waits<\/b>1 recipient for\s+the next hop <code>files<\/code>:[^<]*it was not reached when it was tried last,[^]*1 minute[^]*ECONNREFUSED/,
  ],
  [
    'its hop had no TLS that is good enough',
    { since: MINUTE, last: ['4.7.5', 'smtp mta:25: certificate has expired'] },
    /Waits<\/b>1 recipient for[^]*it was not reached when it was tried last/,
  ],
  [
    'it was not tried, since its hop was down',
    { since: MINUTE, messages: 3 },
    /Waits<\/b>3 recipients for[^]*it was down when it was their turn/,
  ],
  ['it has just come back from its hop', { since: MINUTE - 1 }, undefined],
  ['its undo window is over, and it leaves in a moment', { since: MINUTE, inUndoWindow: true }, undefined],
  [
    'the server knows of the hop itself',
    { since: MINUTE, last: ['4.4.1', REFUSED], isKnown: true },
    undefined,
  ],
  [
    'the server knows of the hop itself, and many domains have more mail',
    { since: MINUTE, last: ['4.4.1', REFUSED], isKnown: true, isSmall: true },
    undefined,
  ],
  ['somebody holds it', { since: 2 * HOUR, last: ['4.4.1', REFUSED], held: true }, undefined],
  [
    'a few were put off for their own sake',
    { since: 2 * HOUR, messages: 19, last: ['4.2.2', '452 4.2.2 full'] },
    undefined,
  ],
  [
    'many were put off for long',
    { since: 2 * HOUR, messages: 20, last: ['4.2.2', '452 4.2.2 full'] },
    /20 or more recipients wait longer than an hour/,
  ],
  [
    'many were put off, not for long',
    { since: HOUR, messages: 20, last: ['4.2.2', '452 4.2.2 full'] },
    undefined,
  ],
];

for (const [why, waits, says] of cases)
  test(`the sentence ${says === undefined ? 'stays as it is' : 'warns'}: ${why}`, async () => {
    const text = await overviewOf(waits);
    if (says === undefined) assert.doesNotMatch(text, /<b>Waits<\/b>/);
    else assert.match(text, says);
    assert.match(text, says === undefined ? /All is well\./ : /Some mail waits for its way out\./);
    assert.doesNotMatch(text, /bob@/);
  });
