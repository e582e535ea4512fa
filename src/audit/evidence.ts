// Is a message that somebody shows us the one that its Received line names? Anybody can copy a line of ours, a label and a Message-ID;
// only the hashes of body and header fields tie the content to who submitted it (BCP134-3.1-i, D-TR-6).

import { type DigestedField, digestedFields, fieldDigests } from '../message/field-digests.ts';
import type { AcceptedPayload } from '../record/events.ts';
import type { ShownMessage } from './question.ts';

export type Evidence =
  /** Body and header fields are those that were submitted. */
  | 'message'
  /** Only the body is the one that was submitted. */
  | 'body'
  /** The topmost of our lines, and nothing contradicts the record; the body was changed on its way, or the line was copied. */
  | 'line'
  /** Whoever wrote the message could write this line. */
  | 'none';

/** What was compared with the record, and the result. */
export interface Comparison {
  readonly evidence: Evidence;
  /** Which message of the file was compared. */
  readonly where: ShownMessage['where'];
  /** `absent`: there is none in the file, or it is empty. */
  readonly body: 'same' | 'other' | 'absent';
  /** Undefined: the record holds nothing of them. */
  readonly fields: ComparedFields | undefined;
}

export interface ComparedFields {
  readonly same: readonly DigestedField[];
  /** Fields that were changed, removed or added. */
  readonly other: readonly DigestedField[];
}

/** `topmost`: no line above this one proved to be ours. */
export function compareWith(
  shown: ShownMessage,
  id: string,
  accepted: AcceptedPayload | undefined,
  topmost: boolean,
): Comparison {
  const { where, bodyHashes } = shown;
  if (accepted === undefined) return { evidence: 'none', where, body: 'absent', fields: undefined };
  const fields = comparedFields(shown, id, accepted);
  const isSame = bodyHashes.includes(accepted.bodyHash);
  const body = isSame ? 'same' : bodyHashes.length === 0 ? 'absent' : 'other';
  return { evidence: evidenceOf(shown, id, accepted, { topmost, isSame, fields }), where, body, fields };
}

function evidenceOf(
  { lines, messageIdField }: ShownMessage,
  id: string,
  accepted: AcceptedPayload,
  { topmost, isSame, fields }: { topmost: boolean; isSame: boolean; fields: ComparedFields | undefined },
): Evidence {
  if (isSame) return fields?.other.length === 0 && fields.same.includes('from') ? 'message' : 'body';
  const line = lines.find((one) => one.id === id);
  const isOurs = line !== undefined && (line.label === undefined || line.label === accepted.label);
  const isNamed = messageIdField === undefined || messageIdField === accepted.messageIdField;
  return topmost && isOurs && isNamed ? 'line' : 'none';
}

function comparedFields(
  shown: ShownMessage,
  id: string,
  { fieldDigests: recorded }: AcceptedPayload,
): ComparedFields | undefined {
  if (recorded === undefined) return undefined;
  const here = fieldDigests(shown.fields, id);
  const there = digestedFields.filter((name) => (here[name] ?? recorded[name]) !== undefined);
  return {
    same: there.filter((name) => here[name] === recorded[name]),
    other: there.filter((name) => here[name] !== recorded[name]),
  };
}
