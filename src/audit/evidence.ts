// Is a message that somebody shows us the one that its Received line names? Anybody can copy a line of ours, a label and a Message-ID;
// only the hash of the body ties the content to who submitted it (BCP134-3.1-i, D-TR-6).

import type { AcceptedPayload } from '../record/events.ts';
import type { ShownMessage } from './question.ts';

export type Evidence =
  /** The body is the one that was submitted. */
  | 'body'
  /** The topmost of our lines, and nothing contradicts the record; the body was changed on its way, or the line was copied. */
  | 'line'
  /** Whoever wrote the message could write this line. */
  | 'none';

/** `topmost`: no line above this one proved to be ours. */
export function evidenceOf(
  { lines, messageIdField, bodyHashes }: ShownMessage,
  id: string,
  accepted: AcceptedPayload | undefined,
  topmost: boolean,
): Evidence {
  if (accepted === undefined) return 'none';
  if (bodyHashes.includes(accepted.bodyHash)) return 'body';
  const line = lines.find((one) => one.id === id);
  const isOurs = line !== undefined && (line.label === undefined || line.label === accepted.label);
  const isNamed = messageIdField === undefined || messageIdField === accepted.messageIdField;
  return topmost && isOurs && isNamed ? 'line' : 'none';
}
