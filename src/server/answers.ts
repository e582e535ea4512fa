// Answers to the session's questions: who is this (identity/authenticator, in the lookup thread), may this reverse-path be used,
// may mail go to this forward-path (policy, pure). Answers that need no look-up are given at once. Never throws:
// broken infrastructure is a temporary refusal.

import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { decideMxMail, decideMxRecipient, type MxDecision } from '../policy/mx-policy.ts';
import type { Decision } from '../policy/decision.ts';
import { decideMail, decideRecipient, type LocalMailbox } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, refused, type Verdict } from '../protocol/refusal.ts';
import type { AuthenticationAnswer, SessionOutput } from '../protocol/session/ports.ts';
import { mailboxKey } from '../protocol/wire/mailbox.ts';
import { type Principal, type IdentityStatus, identityStatusText } from '../record/identity.ts';
import type { Connection } from './conversation.ts';
import type { Front } from './front.ts';
import { noteFailedAuthentication, noteRefusal } from './refusals.ts';

type Question<T extends SessionOutput['type']> = Extract<SessionOutput, { type: T }>;

/** AUTH. Nobody acts as the principal yet: the session may have a last word to say to the client, and says when it is in (`loggedIn`). */
export async function answerAuthentication(
  front: Front,
  connection: Connection,
  { question, evidence }: Question<'authenticate'>,
): Promise<void> {
  const { mechanism, authenticationIdentity } = evidence;
  const feed = (answer: AuthenticationAnswer) =>
    connection.feed({ type: 'authentication', question, answer });
  try {
    const from = { address: connection.remote.address };
    const outcome = await asOfNow(front.submission, await front.authenticate(evidence, from));
    if (outcome.type === 'material') return feed(outcome);
    // Too late: the client is gone, or was told to try again and may be somebody else by now.
    if (outcome.type === 'authenticated' && !connection.session.awaits(question)) return;
    if (outcome.type === 'authenticated' && connection.admit(outcome.principal.identityId)) {
      const { principal, ...answer } = outcome;
      connection.judged = principal;
      return feed({ ...answer, login: principal.login });
    }
    if (outcome.type === 'refused') {
      const { identityId, cause } = outcome;
      noteFailedAuthentication(front, connection, {
        mechanism,
        cause,
        login: authenticationIdentity,
        identityId,
      });
    }
    const failed = outcome.type === 'refused' ? outcome : tooManyOfIdentity;
    front.metrics.authentication(mechanism, failed.refusal.name);
    front.log.refused(
      connection.id,
      {
        command: 'AUTH',
        code: failed.refusal.reply.code,
        status: failed.refusal.reply.status ?? '',
        cause: failed.refusal.cause,
        client: connection.remote.address,
        login: accountOf(outcome, authenticationIdentity),
      },
      false,
    );
    const { refusal: because, notBeforeMs } = failed;
    const finalData =
      outcome.type === 'refused' && outcome.finalData !== undefined ? { finalData: outcome.finalData } : {};
    feed({ type: 'refused', refusal: because, notBeforeMs, ...finalData });
  } catch (error) {
    const broken = refusal('authTemporary', String(error));
    front.metrics.authentication(mechanism, broken.name);
    front.log.error({ session: connection.id, error: String(error) }, 'authentication could not be checked');
    feed({ type: 'refused', refusal: broken, notBeforeMs: 0 });
  }
}

/** The client has heard its 235. */
export function loggedIn(front: Front, connection: Connection): void {
  connection.principal = connection.judged;
  connection.judged = undefined;
  front.authenticated(connection);
}

/** A change while the secret was checked came before there was a session to cut: the directory is asked once more. */
async function asOfNow(
  { identityStatuses, clock }: Front['submission'],
  answer: AuthenticationOutcome,
): Promise<AuthenticationOutcome> {
  if (answer.type !== 'authenticated' || identityStatuses.unchanged(answer.principal, clock.now()))
    return answer;
  const { identityId } = answer.principal;
  const identityStatus = await identityStatuses.refresh(answer.principal, clock.now());
  if (identityStatus.state !== 'active') {
    const cause = identityStatusText(identityStatus.state);
    return { type: 'refused', refusal: refusal('authFailed', cause), notBeforeMs: 0, identityId, cause };
  }
  const { principal } = identityStatus;
  if (identityStatuses.unchanged(principal, clock.now())) return { ...answer, principal };
  const cause = 'the identity changed once more while it was looked up';
  return { type: 'refused', refusal: refusal('authTemporary', cause), notBeforeMs: 0, identityId, cause };
}

/** Only if it names an account here: else it may be a password that went into the wrong field. */
function accountOf(
  answer: Exclude<AuthenticationOutcome, { type: 'material' }>,
  given: string,
): string | undefined {
  if (answer.type === 'authenticated') return answer.principal.login;
  return answer.identityId === undefined ? undefined : given.slice(0, LOGIN_MAX);
}

const LOGIN_MAX = 255;

const tooManyOfIdentity = {
  refusal: refusal('authTemporary', 'too many connections of this identity'),
  notBeforeMs: 0,
} as const;

/** MAIL. Usually everything is known and the answer comes at once; after a change of the identity it is looked up again. */
export function answerMail(front: Front, connection: Connection, { question, from }: Question<'mail'>): void {
  const { principal } = connection;
  const now = front.clock.now();
  const heardAt = front.clock.monotonic();
  if (connection.listener.role === 'mx') {
    conclude(decideMxMail(front.submission.settings().domains, from));
  } else if (principal === undefined || isKnown(principal)) {
    conclude(decide('active'));
  } else {
    void refresh(principal);
  }

  function isKnown(of: Principal): boolean {
    const { identityStatuses, labels } = front.submission;
    return identityStatuses.unchanged(of, now) && labels.prepared(now);
  }

  function decide(state: IdentityStatus): Decision {
    const { domains, displayNames } = front.submission.settings();
    return decideMail({ principal: connection.principal, state, domains, displayNames }, from);
  }

  function conclude({ verdict, rule }: Decision): void {
    if (verdict.type === 'accepted') connection.transaction.begin(rule, heardAt);
    answer(front, connection, question, verdict, 'MAIL');
  }

  async function refresh(of: Principal): Promise<void> {
    try {
      await front.submission.labels.prepare(now);
      const identityStatus = await front.submission.identityStatuses.refresh(of, now);
      if (!connection.session.awaits(question)) return;
      if (identityStatus.state === 'active') connection.principal = identityStatus.principal;
      conclude(decide(identityStatus.state));
    } catch (error) {
      answer(front, connection, question, refused('cannotAcceptNow', String(error)), 'MAIL');
    }
  }
}

/** RCPT. Mailboxes of our own domains are looked up; mail for elsewhere is for the relay to find out. */
export function answerRecipient(front: Front, connection: Connection, asked: Question<'recipient'>): void {
  const { question, recipient, envelope } = asked;
  const mailbox = front.mailboxOf(recipient.forwardPath);
  if (mailbox instanceof Promise) {
    void mailbox.then(conclude, (error: unknown) =>
      answer(front, connection, question, refused('recipientTemporary', String(error)), 'RCPT', envelope),
    );
  } else {
    conclude(mailbox);
  }

  function conclude(found: LocalMailbox | 'elsewhere'): void {
    // The client was told 451: what would be reserved now is given back by nobody.
    if (!connection.session.awaits(question)) return;
    const { verdict, forwardPath: meant = recipient.forwardPath } = decideOn(front, connection, asked, found);
    if (verdict.type === 'refused') return answer(front, connection, question, verdict, 'RCPT', envelope);
    if (!connection.transaction.hasRoomFor(recipient)) {
      const busy = refused('tooBusy', 'no memory for recipients left');
      return answer(front, connection, question, busy, 'RCPT', envelope);
    }
    connection.feed({ type: 'verdict', question, verdict, forwardPath: front.ownForwardPath(meant) });
  }
}

function decideOn(
  front: Front,
  { principal, listener, local }: Connection,
  { recipient, envelope }: Question<'recipient'>,
  mailbox: LocalMailbox | 'elsewhere',
): MxDecision {
  const { domains, displayNames, hostname } = front.submission.settings();
  if (listener.role === 'mx')
    return decideMxRecipient(domains, recipient, mailbox, hostname, {
      smtputf8: envelope.smtputf8,
      ownAddresses: [local.address],
    });
  const facts = { principal, state: 'active', domains, displayNames, from: envelope, mailbox } as const;
  return decideRecipient(facts, recipient, othersThan(front.ownForwardPath(recipient.forwardPath), envelope));
}

/** Recipients before this one; it counts for the null sender alone. */
function othersThan(forwardPath: string, { reversePath, recipients }: Envelope): number {
  if (reversePath !== '') return 0;
  const key = mailboxKey(forwardPath);
  return recipients.filter((one) => mailboxKey(one.forwardPath) !== key).length;
}

function answer(
  front: Front,
  connection: Connection,
  question: number,
  verdict: Verdict,
  command: string,
  envelope?: Envelope,
): void {
  // Too late: the client got another answer, and that one is recorded.
  if (!connection.session.awaits(question)) return;
  if (verdict.type === 'refused') noteRefusal(front, connection, verdict.refusal, command, envelope);
  connection.feed({ type: 'verdict', question, verdict });
}
