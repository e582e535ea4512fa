// The mail transaction of a connection: the envelope as it was permitted, and the message on its way into the one way in.

import type { Envelope, EnvelopeRecipient, ReversePathAndParameters } from '../protocol/envelope.ts';
import { openSubmission, type Submission } from '../submission/submit.ts';
import type { Connection } from './connection.ts';
import type { Front } from './front.ts';
import { noteRefusal } from './refusals.ts';

export interface Transaction {
  readonly envelope: Envelope | undefined;
  begin(from: ReversePathAndParameters, rule: string): void;
  addRecipient(recipient: EnvelopeRecipient): void;
  start(connection: Connection): void;
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Hands the whole message in and feeds the acceptance, or the refusal, back into the session. */
  accept(connection: Connection, question: number): Promise<void>;
  /** The client was told to send the message again while it was being accepted. */
  giveUp(): void;
  abort(): void;
}

export function createTransaction(front: Front): Transaction {
  let from: ReversePathAndParameters | undefined;
  let rule = '';
  let recipients: EnvelopeRecipient[] = [];
  let submission: Submission | undefined;

  function envelope(): Envelope | undefined {
    return from === undefined ? undefined : { ...from, recipients };
  }

  function forget(): void {
    from = undefined;
    recipients = [];
    submission = undefined;
  }

  return {
    get envelope() {
      return envelope();
    },
    begin(reversePath, permittedBy) {
      from = reversePath;
      rule = permittedBy;
      recipients = [];
      submission = undefined;
    },
    addRecipient(recipient) {
      recipients.push(recipient);
    },
    start(connection) {
      const whole = envelope();
      if (whole === undefined) return;
      const { principal, session } = connection;
      const door = {
        session: connection.facts(),
        withProtocol: session.view.withProtocol,
        rule,
        ...(principal === undefined ? {} : { principal }),
      };
      submission = openSubmission(front.submission, door, whole);
    },
    write: (bytes) => submission?.write(bytes),
    async accept(connection, question) {
      const ended = submission;
      const whole = envelope();
      if (ended === undefined || whole === undefined) return;
      const answer = await ended.finish();
      if (answer.type === 'refused') noteRefusal(front, connection, answer.refusal, 'DATA', whole);
      else front.accepted(connection, answer.id, whole);
      if (submission === ended) forget();
      connection.feed({ type: 'acceptance', question, answer });
    },
    giveUp() {
      submission?.giveUp();
      forget();
    },
    abort() {
      void submission?.abort();
      forget();
    },
  };
}
