// `postern explain`: may this login send as A to R, and which rule says so? It calls the same functions as the
// live server, one question after the other, and goes on after a refusal so that the operator sees all of them.

import type { EnvelopeRecipient, ReversePathAndParameters } from '../protocol/envelope.ts';
import type { Decision } from './decision.ts';
import {
  decideHeader,
  decideMail,
  decideRecipient,
  type HeaderSenders,
  type LocalMailbox,
  type SubmissionFacts,
} from './submission-policy.ts';

export interface ExplainStep extends Decision {
  /** A question in words, e.g. `MAIL FROM:<alice@example.org>?` */
  readonly question: string;
}

export interface ExplainedMessage {
  readonly from: Pick<ReversePathAndParameters, 'reversePath' | 'smtputf8'>;
  /** In the order of RCPT; `mailbox` as the directory answers for domains of ours. */
  readonly to: readonly {
    readonly recipient: Pick<EnvelopeRecipient, 'forwardPath'>;
    readonly mailbox?: LocalMailbox | 'elsewhere';
  }[];
  /** Absent: a message whose From is the reverse-path. */
  readonly header?: HeaderSenders;
}

/** Never empty; the message would pass if every verdict is `accepted`. */
export function explain(facts: SubmissionFacts, message: ExplainedMessage): readonly ExplainStep[] {
  const { from } = message;
  const steps: ExplainStep[] = [{ question: `MAIL FROM:<${from.reversePath}>?`, ...decideMail(facts, from) }];
  let soFar = 0;
  for (const { recipient, mailbox } of message.to) {
    const recipientFacts = { ...facts, from, ...(mailbox === undefined ? {} : { mailbox }) };
    const decision = decideRecipient(recipientFacts, recipient, soFar);
    steps.push({ question: `RCPT TO:<${recipient.forwardPath}>?`, ...decision });
    if (decision.verdict.type === 'accepted') soFar += 1;
  }
  const header = message.header ?? headerOf(from.reversePath);
  if (header !== undefined) steps.push({ question: questionOf(header), ...decideHeader(facts, header) });
  return steps;
}

function headerOf(reversePath: string): HeaderSenders | undefined {
  return reversePath === '' ? undefined : { from: [{ address: reversePath, displayName: '' }], resent: [] };
}

function questionOf(header: HeaderSenders): string {
  const fields: [string, readonly { readonly address: string }[]][] = [['From', header.from]];
  if (header.sender !== undefined) fields.push(['Sender', [header.sender]]);
  for (const { field, addresses } of header.resent) fields.push([field, addresses]);
  return `${fields.map(([field, senders]) => `${field}: ${senders.map(({ address }) => address).join(', ')}`).join('; ')}?`;
}
