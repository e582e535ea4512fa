// A message that is submitted in a test, and what the store and the client hear of it.

import assert from 'node:assert/strict';
import { latin1 } from '../../src/base/bytes.ts';
import type { Envelope } from '../../src/protocol/envelope.ts';
import type { AcceptChange, FreeChange } from '../../src/store/port.ts';
import type { Door } from '../../src/submission/context.ts';
import { type Acceptance, openSubmission, type Submission } from '../../src/submission/submit.ts';
import { door, type World } from './submission.ts';

export const HEADER =
  'From: alice@example.org\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <x@y.example>\r\n';
export const BODY = 'Hello,\r\nFrom: ceo@example.org\r\n\xff\xfe\x00 octets\r\n';
export const WHOLE = `${HEADER}\r\n${BODY}`;

export const envelope: Envelope = {
  reversePath: 'alice@example.org',
  body: '8BITMIME',
  smtputf8: false,
  recipients: [{ forwardPath: 'b@far.example' }, { forwardPath: 'c@far.example' }],
};

export function open(world: World, through: Door = door, mail: Envelope = envelope): Submission {
  return openSubmission(world.context, through, mail);
}

export async function submit(
  world: World,
  text: string,
  through: Door = door,
  pieceSize = 1000,
): Promise<Acceptance> {
  const submission = open(world, through);
  const bytes = latin1(text);
  for (let at = 0; at < bytes.length; at += pieceSize)
    await submission.write(bytes.subarray(at, at + pieceSize));
  return await submission.finish();
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function answer(acceptance: Acceptance): string {
  if (acceptance.type === 'accepted') return '250';
  const { code, status } = acceptance.refusal.reply;
  return `${code} ${status}`;
}

export function acceptsIn({ store }: World): readonly AcceptChange[] {
  return store.changes.filter((change) => change.type === 'accept');
}

export function onlyAccept(world: World): AcceptChange {
  const [accept, ...more] = acceptsIn(world);
  assert.ok(accept !== undefined && more.length === 0);
  return accept;
}

export function bytesOf({ content }: AcceptChange): Uint8Array {
  assert.ok(content.kind === 'inline');
  return content.bytes;
}

export function freed({ store }: World): readonly FreeChange[] {
  return store.changes.filter((change) => change.type === 'free');
}
