// What one submission came to, over all the transactions it took: an outcome for each recipient of the envelope.

import type { RecipientResult } from '../protocol/delivery/ports.ts';
import type { Envelope, EnvelopeRecipient } from '../protocol/envelope.ts';
import type { RecipientOutcome } from './errors.ts';
import { failureOf, outcomeOf } from './outcome.ts';

/** At least one recipient was accepted; otherwise there is an error instead. */
export interface SubmissionResult {
  /** In the order of the envelope. */
  readonly recipients: readonly RecipientOutcome[];
  readonly accepted: readonly Extract<RecipientOutcome, { type: 'accepted' }>[];
  readonly refused: readonly Extract<RecipientOutcome, { type: 'refused' }>[];
  /** All was sent for them and no answer came: they may get it. */
  readonly unknown: readonly Extract<RecipientOutcome, { type: 'unknown' }>[];
}

/** Of each recipient the last result, and whether the reply to its message was lost. */
export type Known = Map<EnvelopeRecipient, Told>;

interface Told {
  readonly result: RecipientResult;
  readonly replyLost: boolean;
}

const untold: Told = {
  result: {
    type: 'undecided',
    permanent: false,
    status: '4.4.2',
    diagnostic: 'the submission ended before it was the turn of this recipient',
  },
  replyLost: false,
};

/** Throws `SubmissionError` if no recipient was accepted. */
export function resultOf({ recipients: wanted }: Envelope, known: Known): SubmissionResult {
  const told = wanted.map((recipient) => ({ recipient, ...(known.get(recipient) ?? untold) }));
  const recipients = told.map(({ recipient, result, replyLost }) => outcomeOf(recipient, result, replyLost));
  const accepted = recipients.filter((one) => one.type === 'accepted');
  const unknown = recipients.filter((one) => one.type === 'unknown');
  if (accepted.length === 0)
    throw failureOf(
      told.map(({ result }) => result),
      recipients,
    );
  return { recipients, accepted, refused: recipients.filter((one) => one.type === 'refused'), unknown };
}
