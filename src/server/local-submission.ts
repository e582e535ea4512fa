// A message from a program on this host, handed in over the submission socket (src/http/submit-socket.ts) by an operating-system user that the
// configuration binds to an identity. The same steps as a session takes, in the same order: who, MAIL, RCPT, message: there is no second way in.

import { readEnvelope, type EnvelopeInput } from '../client/envelope.ts';
import { SubmissionError } from '../client/errors.ts';
import { readMessage } from '../client/message.ts';
import { servicePrincipal } from '../identity/directory.ts';
import { decideMail, decideRecipient } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import { LineWatch } from '../protocol/wire/data-framing.ts';
import type { SessionFacts } from '../record/events.ts';
import type { Principal } from '../record/identity.ts';
import { Recipients } from '../submission/recipients.ts';
import { type Acceptance, openSubmission, type Submission } from '../submission/submit.ts';
import { boundAccount } from './bound-account.ts';
import type { Front } from './front.ts';
import { noteRefusal, type Refusable } from './refusals.ts';

export interface LocalMessage {
  /** Of the identity that the operating-system user is bound to. */
  readonly login: string;
  readonly osUser: string;
  readonly envelope: EnvelopeInput;
  readonly content: Uint8Array;
}

export interface LocalReply {
  readonly code: number;
  readonly status: string;
  readonly text: string;
}

export type LocalAnswer =
  | {
      readonly type: 'accepted';
      readonly id: string;
      readonly refused: readonly RefusedRecipient[];
    }
  | {
      readonly type: 'refused';
      readonly reply: LocalReply;
      /** If it was refused for them: each of them, with its reply. */
      readonly refused?: readonly RefusedRecipient[];
    };

type RefusedRecipient = LocalReply & { readonly forwardPath: string };

type Limits = Pick<SessionSettings, 'messageOctetsMax' | 'recipientsMax' | 'longLines' | 'timeouts'>;

interface Party extends Refusable {
  readonly principal: Principal;
}

/** Rejects with `StoreUnavailable` before anything is accepted; after that never. */
export async function submitLocally(front: Front, limits: Limits, given: LocalMessage): Promise<LocalAnswer> {
  const begunAt = front.clock.monotonic();
  const { lookups, settings } = front.submission;
  const { domains, displayNames } = settings();
  const account = await boundAccount(lookups, domains, given);
  if ('noAccount' in account) return refused(refusal('identityMayNotSubmit', account.noAccount));
  const { identity } = account;
  const session = sessionOf(front);
  let envelope: Envelope | undefined;
  const party: Party = {
    ...{ id: session.sessionId, principal: servicePrincipal(identity, given.osUser), facts: () => session },
    remote: { address: session.clientAddress },
    transaction: {
      get envelope() {
        return envelope;
      },
    },
  };
  const refuse = (because: Refusal, command: string): LocalAnswer => {
    noteRefusal(front, party, because, command);
    return refused(because);
  };

  const read = await readGiven(limits, given);
  if ('name' in read) return refuse(read, 'MAIL');
  const { recipients, ...from } = read.envelope;
  const facts = { principal: party.principal, state: identity.state, domains, displayNames } as const;
  const mail = decideMail(facts, from);
  if (mail.verdict.type === 'refused') return refuse(mail.verdict.refusal, 'MAIL');
  await front.submission.labels.prepare(front.clock.now());

  envelope = { ...from, recipients: [] };
  const permitted = new Recipients();
  const others: { readonly forwardPath: string; readonly refusal: Refusal }[] = [];
  for (const recipient of recipients) {
    const { forwardPath } = recipient;
    const mailbox = await front.mailboxOf(forwardPath);
    const own = front.ownForwardPath(forwardPath);
    if (permitted.has(own)) continue;
    const { verdict } = decideRecipient({ ...facts, from, mailbox }, recipient, permitted.list.length);
    if (verdict.type === 'accepted') permitted.add({ ...recipient, forwardPath: own });
    else {
      others.push({ forwardPath, refusal: verdict.refusal });
      noteRefusal(front, party, verdict.refusal, 'RCPT');
    }
  }
  const [first] = others;
  const told = others.map((one) => ({ forwardPath: one.forwardPath, ...replyOf(one.refusal) }));
  if (permitted.list.length === 0 && first !== undefined) return { ...refused(first.refusal), refused: told };
  envelope = { ...from, recipients: permitted.list };

  const door = {
    ...{ session, principal: party.principal, withProtocol: 'local', isLocal: true },
    rule: mail.rule,
  };
  const submission = openSubmission(front.submission, door, envelope);
  try {
    await submission.write(read.content);
  } catch (error) {
    await submission.abort();
    throw error;
  }
  const acceptance = await finishInTime(front, submission, limits.timeouts.replyMs);
  if (acceptance.type === 'refused') return refuse(acceptance.refusal, 'DATA');
  front.accepted(party, acceptance, envelope, front.clock.monotonic() - begunAt);
  return { type: 'accepted', id: acceptance.id, refused: told };
}

/** No address, port or host is involved: the record names this host, and the operating-system user by the principal. */
function sessionOf(front: Front): SessionFacts {
  return {
    ...{ sessionId: front.sessionId(), role: 'local', ehlo: 'localhost' },
    ...{ clientAddress: '127.0.0.1', clientPort: 0, serverAddress: '127.0.0.1', serverPort: 0 },
  };
}

/** What the session and its framing judge on a connection. */
async function readGiven(
  limits: Limits,
  given: LocalMessage,
): Promise<Refusal | { readonly envelope: Envelope; readonly content: Uint8Array }> {
  const { messageOctetsMax: limit, recipientsMax, longLines } = limits;
  try {
    const envelope = readEnvelope(given.envelope);
    if (envelope.recipients.length > recipientsMax)
      return refusal('tooManyRecipients', `${envelope.recipients.length} recipients`);
    const content = await readMessage(given.content);
    if (content.type !== 'whole' || content.bytes.length > limit)
      return refusal('sizeReal', `over ${limit} octets`, { limit });
    const watch = new LineWatch(longLines);
    watch.watch(content.bytes);
    if (watch.flaw?.type === 'longLine')
      return refusal('lineTooLong', `line ${watch.flaw.line} is too long`, { line: watch.flaw.line });
    const { headerUtf8, body8bit, bytes } = content;
    const smtputf8 = envelope.smtputf8 || headerUtf8;
    return { envelope: { ...envelope, smtputf8, body: body8bit ? '8BITMIME' : '7BIT' }, content: bytes };
  } catch (error) {
    if (error instanceof SubmissionError)
      return refusal('messageSyntax', error.message, { detail: error.message.slice(0, 200) });
    throw error;
  }
}

/** As in a session: when the client was told to try again, the message must not be accepted as well. */
async function finishInTime(front: Front, submission: Submission, replyMs: number): Promise<Acceptance> {
  const late = Promise.withResolvers<Acceptance>();
  const cancel = front.clock.after(replyMs, () => {
    submission.giveUp();
    late.resolve({ type: 'refused', refusal: refusal('cannotAcceptNow', 'no answer in time') });
  });
  const acceptance = await Promise.race([submission.finish(), late.promise]);
  cancel();
  return acceptance;
}

function refused(because: Refusal): Extract<LocalAnswer, { type: 'refused' }> {
  return { type: 'refused', reply: replyOf(because) };
}

function replyOf({ reply }: Refusal): LocalReply {
  const { code, status = '', lines } = reply;
  return { code, status, text: lines.join(' ') };
}
