// What holds for every mailbox of an envelope, whoever sends: well formed, fully qualified, and ASCII unless SMTPUTF8 was given.
// Role submission and role mx ask the same questions in the same words.

import { isAsciiText, type Mailbox, type MailboxProblem, parseMailbox } from '../protocol/wire/mailbox.ts';
import type { ReplyName } from '../protocol/wire/reply-registry.ts';
import { refuse, type Decision } from './decision.ts';

type Side = 'sender' | 'recipient';

const words: Readonly<
  Record<Side, { path: string; syntax: ReplyName; unqualified: ReplyName; nonAscii: ReplyName }>
> = {
  sender: {
    path: 'reverse-path',
    syntax: 'senderSyntax',
    unqualified: 'senderDomainUnqualified',
    nonAscii: 'nonAsciiSender',
  },
  recipient: {
    path: 'forward-path',
    syntax: 'recipientSyntax',
    unqualified: 'recipientDomainUnqualified',
    nonAscii: 'nonAsciiRecipient',
  },
};

export type JudgedMailbox =
  { readonly ok: true; readonly mailbox: Mailbox } | { readonly ok: false; readonly decision: Decision };

export function judgeMailbox(side: Side, text: string, smtputf8: boolean): JudgedMailbox {
  const { path, nonAscii } = words[side];
  const parsed = parseMailbox(text);
  if (!parsed.ok) return { ok: false, decision: syntaxRefusal(side, parsed.error) };
  if (smtputf8 || isAsciiText(text)) return { ok: true, mailbox: parsed.value };
  return { ok: false, decision: refuse(nonAscii, 'SMTPUTF8', `a non-ASCII ${path} came without SMTPUTF8`) };
}

function syntaxRefusal(side: Side, problem: MailboxProblem): Decision {
  const { path, syntax, unqualified } = words[side];
  return problem === 'unqualified'
    ? refuse(unqualified, 'qualified domains', `the domain of the ${path} is a single label`)
    : refuse(syntax, `${side} syntax`, `the ${path} is no mailbox (${problem})`);
}

/** A recipient in a domain of ours that a mailer after us could route by (`onward.ts`). Told as what it is: no mailbox. */
export function leadsNowhere(domain: string): Decision {
  return refuse('unknownRecipient', 'no routes', `a name that leads elsewhere is no mailbox in ${domain}`);
}
