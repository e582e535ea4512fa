// The mail transaction of a connection, as far as it is not the session's: what permitted it, the memory of its recipients, and the message on its way
// into the one way in.

import type { Envelope, EnvelopeRecipient } from '../protocol/envelope.ts';
import type { SessionOutput, SessionRole } from '../protocol/session/ports.ts';
import { openSubmission, type Submission } from '../submission/submit.ts';
import type { Connection } from './conversation.ts';
import type { Front } from './front.ts';
import { noteRefusal } from './refusals.ts';

type Whole = Pick<Extract<SessionOutput, { type: 'accept' }>, 'question' | 'command' | 'hasDotLines'>;

export interface Transaction {
  /** `rule`: what permitted it; `heardAt`: when its MAIL came, by the clock that never steps. */
  begin(rule: string, heardAt: number): void;
  /** False: there is no memory for it now. */
  hasRoomFor(recipient: EnvelopeRecipient): boolean;
  start(connection: Connection, envelope: Envelope): void;
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Hands the whole message in and feeds the acceptance, or the refusal, back into the session. */
  accept(connection: Connection, asked: Whole): Promise<void>;
  /** The client was told to send the message again while it was being accepted. */
  giveUp(): void;
  abort(): void;
}

/** Memory of a recipient beside its text, about. */
const RECIPIENT_OCTETS = 200;

export function createTransaction(front: Front, role: SessionRole): Transaction {
  const { memory, strangersMemory } = front.submission;
  const budget = role === 'mx' ? strangersMemory : memory;
  let rule = '';
  let mailAt = 0;
  let reservedOctets = 0;
  let message: { readonly envelope: Envelope; readonly submission: Submission } | undefined;

  function forget(): void {
    message = undefined;
    budget.release(reservedOctets);
    reservedOctets = 0;
  }

  return {
    begin(permittedBy, heardAt) {
      forget();
      rule = permittedBy;
      mailAt = heardAt;
    },
    hasRoomFor(recipient) {
      const octets = octetsOf(recipient);
      if (!budget.reserve(octets)) return false;
      reservedOctets += octets;
      return true;
    },
    start(connection, envelope) {
      const { principal, session, listener } = connection;
      const door = {
        session: connection.facts(),
        withProtocol: session.view.withProtocol,
        rule,
        ...(principal === undefined ? {} : { principal }),
        ...(listener.role === 'local' ? { isLocal: true } : {}),
      };
      message = { envelope, submission: openSubmission(front.submission, door, envelope) };
    },
    write: (bytes) => message?.submission.write(bytes),
    async accept(connection, { question, command, hasDotLines }) {
      const ended = message;
      const begunAt = mailAt;
      if (ended === undefined) return;
      const { envelope, submission } = ended;
      const answer = await submission.finish(hasDotLines);
      if (answer.type === 'refused') noteRefusal(front, connection, answer.refusal, command, envelope);
      else front.accepted(connection, answer, envelope, front.clock.monotonic() - begunAt);
      if (message === ended) forget();
      connection.feed({ type: 'acceptance', question, answer });
    },
    giveUp() {
      message?.submission.giveUp();
      forget();
    },
    abort() {
      void message?.submission.abort();
      forget();
    },
  };
}

function octetsOf({ forwardPath, originalRecipient }: EnvelopeRecipient): number {
  return RECIPIENT_OCTETS + forwardPath.length + (originalRecipient?.address.length ?? 0);
}
