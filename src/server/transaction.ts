// The mail transaction of a connection: the envelope as it was permitted, and the message on its way into the one way in.

import type { Envelope, EnvelopeRecipient, ReversePathAndParameters } from '../protocol/envelope.ts';
import type { SessionOutput } from '../protocol/session/ports.ts';
import { Recipients } from '../submission/recipients.ts';
import { openSubmission, type Submission } from '../submission/submit.ts';
import type { Connection } from './connection.ts';
import type { Front } from './front.ts';
import { noteRefusal } from './refusals.ts';

type Whole = Pick<Extract<SessionOutput, { type: 'accept' }>, 'question' | 'command' | 'hasDotLines'>;

export interface Transaction {
  readonly envelope: Envelope | undefined;
  /** `heardAt`: when its MAIL came, by the clock that never steps. */
  begin(from: ReversePathAndParameters, rule: string, heardAt: number): void;
  /** Recipients named before this one; 0 if this one was among them. */
  othersThan(forwardPath: string): number;
  /** False: there is no memory for it now. */
  addRecipient(recipient: EnvelopeRecipient): boolean;
  start(connection: Connection): void;
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Hands the whole message in and feeds the acceptance, or the refusal, back into the session. */
  accept(connection: Connection, asked: Whole): Promise<void>;
  /** The client was told to send the message again while it was being accepted. */
  giveUp(): void;
  abort(): void;
}

/** Memory of a recipient beside its text, about. */
const RECIPIENT_OCTETS = 200;

export function createTransaction(front: Front, role: 'submission' | 'mx'): Transaction {
  const { memory, strangersMemory } = front.submission;
  const budget = role === 'mx' ? strangersMemory : memory;
  let from: ReversePathAndParameters | undefined;
  let rule = '';
  let mailAt = 0;
  let recipients = new Recipients();
  let reservedOctets = 0;
  let submission: Submission | undefined;

  function envelope(): Envelope | undefined {
    return from === undefined ? undefined : { ...from, recipients: recipients.list };
  }

  function forget(): void {
    from = undefined;
    recipients = new Recipients();
    submission = undefined;
    budget.release(reservedOctets);
    reservedOctets = 0;
  }

  return {
    get envelope() {
      return envelope();
    },
    begin(reversePath, permittedBy, heardAt) {
      forget();
      from = reversePath;
      rule = permittedBy;
      mailAt = heardAt;
    },
    othersThan: (forwardPath) => (recipients.has(forwardPath) ? 0 : recipients.list.length),
    addRecipient(recipient) {
      if (recipients.has(recipient.forwardPath)) return true;
      const octets = octetsOf(recipient);
      if (!budget.reserve(octets)) return false;
      reservedOctets += octets;
      recipients.add(recipient);
      return true;
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
    async accept(connection, { question, command, hasDotLines }) {
      const ended = submission;
      const whole = envelope();
      const begunAt = mailAt;
      if (ended === undefined || whole === undefined) return;
      const answer = await ended.finish(hasDotLines);
      if (answer.type === 'refused') noteRefusal(front, connection, answer.refusal, command, whole);
      else front.accepted(connection, answer, whole, front.clock.monotonic() - begunAt);
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

function octetsOf({ forwardPath, originalRecipient }: EnvelopeRecipient): number {
  return RECIPIENT_OCTETS + forwardPath.length + (originalRecipient?.address.length ?? 0);
}
