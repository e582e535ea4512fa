// May this identity submit this? The three questions of a submission, as pure functions over facts: MAIL (RFC 6409 section
// 6.1), RCPT (6.2) and the header senders (6.3). No answer depends on where the client sits or on whom it writes to: BCP 134
// section 3.1 asks for authentication in every transaction, also for local recipients and for postmaster (requirements G-1, G-2).

import type { EnvelopeRecipient, ReversePathAndParameters } from '../protocol/envelope.ts';
import type { Mailbox } from '../protocol/wire/mailbox.ts';
import { type Principal, type IdentityStatus, identityStatusText } from '../record/identity.ts';
import { addressesInDisplayName } from './display-name.ts';
import { allow, refuse, replyAddress, type Decision } from './decision.ts';
import { forwardDomain } from './forward-domain.ts';
import { judgeMailbox, leadsNowhere } from './mailbox-rules.ts';
import { leadsOnward } from './onward.ts';
import { maySendAs } from './rights.ts';
import { isBarePostmaster } from './role-mailbox.ts';

export interface SubmissionFacts {
  /** Undefined: the session is not authenticated. */
  readonly principal: Principal | undefined;
  /** Of the principal as of now, not as of its login. */
  readonly state: IdentityStatus;
  /** Our domains, lower-case A-labels. */
  readonly domains: ReadonlySet<string>;
  /** `refuse`: a display name must not show an address of ours that the principal may not use, to any reader. */
  readonly displayNames: 'refuse' | 'allow';
}

export type LocalMailbox = 'exists' | 'unknown';

export interface RecipientFacts extends SubmissionFacts {
  readonly from: Pick<ReversePathAndParameters, 'reversePath' | 'smtputf8'>;
  /** Does the mailbox exist? It counts for domains of ours only; absent: not asked. */
  readonly mailbox?: LocalMailbox | 'elsewhere';
}

/** What of `HeaderFacts` the rights look at. */
export interface HeaderSenders {
  readonly from: readonly HeaderSender[];
  readonly sender?: HeaderSender | undefined;
  readonly resent: readonly { readonly field: string; readonly addresses: readonly HeaderSender[] }[];
}

export interface HeaderSender {
  readonly address: string;
  /** Decoded. */
  readonly displayName: string;
  /** Readers may see another name than this. */
  readonly isNameUnsure?: true;
}

const RULE_TEXT_MAX = 400;

/** MAIL: who asks, and under which reverse-path. SIZE and parameters are the session's. */
export function decideMail(
  facts: SubmissionFacts,
  from: Pick<ReversePathAndParameters, 'reversePath' | 'smtputf8'>,
): Decision {
  const principal = facts.principal;
  if (principal === undefined) return notAuthenticated();
  if (facts.state !== 'active') return notActive(facts.state);
  if (from.reversePath === '') {
    return allow(
      'null reverse-path',
      'a null reverse-path alone is no ground to refuse (RFC 6409 section 3.2)',
    );
  }
  const judged = judgeMailbox('sender', from.reversePath, from.smtputf8);
  if (!judged.ok) return judged.decision;
  const decision = maySendAs(principal, from.reversePath, facts.domains);
  return decision.allowed
    ? allow(decision.rule, decision.because)
    : refuse('senderNotPermitted', decision.rule, decision.because, {
        address: replyAddress(from.reversePath),
      });
}

/** RCPT: `soFar` recipients of this transaction were accepted before. The session refuses source routes and counts recipients. */
export function decideRecipient(
  facts: RecipientFacts,
  recipient: Pick<EnvelopeRecipient, 'forwardPath'>,
  soFar: number,
): Decision {
  if (facts.principal === undefined) return notAuthenticated();
  if (facts.state !== 'active') return notActive(facts.state);
  if (facts.from.reversePath === '' && soFar > 0) {
    return refuse(
      'nullSenderOneRecipient',
      'null sender, one recipient',
      'reports and notices go to one mailbox; more of them at once is how the null sender is abused',
    );
  }
  if (isBarePostmaster(recipient.forwardPath)) {
    return allow('postmaster', 'postmaster without a domain is the one of this server');
  }
  return decideForwardPath(facts, recipient.forwardPath);
}

function decideForwardPath(facts: RecipientFacts, forwardPath: string): Decision {
  const judged = judgeMailbox('recipient', forwardPath, facts.from.smtputf8);
  return judged.ok ? decideDestination(facts, judged.mailbox) : judged.decision;
}

function decideDestination(facts: RecipientFacts, mailbox: Mailbox): Decision {
  const domain = forwardDomain(mailbox);
  switch (domain.type) {
    case 'literal':
      return refuse(
        'recipientNotPermitted',
        'no address literals',
        'mail goes to domains, not to IP addresses',
      );
    case 'none':
      return refuse(
        'recipientSyntax',
        'recipient syntax',
        'the domain of the forward-path is no domain name',
      );
    case 'name':
      if (!facts.domains.has(domain.name)) {
        return allow(
          'authenticated submission',
          `${domain.name} is elsewhere; an authenticated identity may write to anybody`,
        );
      }
      if (leadsOnward(mailbox.localPart)) return leadsNowhere(domain.name);
      return facts.mailbox === undefined || facts.mailbox === 'exists'
        ? allow('authenticated submission', `${domain.name} is a domain of ours`)
        : refuse('unknownRecipient', 'existing mailboxes', `there is no such mailbox in ${domain.name}`);
  }
}

/**
 * Every address that the header asserts as a sender must be permitted, whatever the reverse-path was (a null one lifts
 * nothing, F-NULL-1). The refusal names the address and its field.
 */
export function decideHeader(facts: SubmissionFacts, header: HeaderSenders): Decision {
  const principal = facts.principal;
  if (principal === undefined) return notAuthenticated();
  if (facts.state !== 'active') return notActive(facts.state);
  if (header.from.length === 0) {
    return refuse('messageSyntax', 'header senders', 'no From address', { detail: 'no address in From' });
  }
  const rules: string[] = [];
  for (const { field, sender } of headerSenders(header)) {
    const decision = decideHeaderSender(facts, principal, field, sender);
    if (decision.verdict.type === 'refused') return decision;
    const rule = `${field}: ${decision.rule}`;
    if (!rules.includes(rule) && rules.length < 10) rules.push(rule);
  }
  const rule = rules.join('; ').slice(0, RULE_TEXT_MAX);
  return allow(rule, 'every sender that the header asserts is permitted');
}

function* headerSenders(header: HeaderSenders): Generator<{ field: string; sender: HeaderSender }> {
  for (const sender of header.from) yield { field: 'From', sender };
  if (header.sender !== undefined) yield { field: 'Sender', sender: header.sender };
  for (const { field, addresses } of header.resent) for (const sender of addresses) yield { field, sender };
}

function decideHeaderSender(
  facts: SubmissionFacts,
  principal: Principal,
  field: string,
  sender: HeaderSender,
): Decision {
  const decision = maySendAs(principal, sender.address, facts.domains);
  if (!decision.allowed) return headerRefusal(decision.rule, decision.because, sender.address, field);
  if (facts.displayNames === 'allow') return allow(decision.rule, decision.because);
  if (sender.isNameUnsure === true)
    return refuse(
      'displayNameUnsure',
      'display names',
      `the name in ${field} can be read in more than one way`,
      {
        field,
      },
    );
  for (const shown of addressesInDisplayName(sender.displayName)) {
    if (!facts.domains.has(shown.domain) || maySendAs(principal, shown.address, facts.domains).allowed)
      continue;
    const because = `the display name shows ${shown.address}, which ${principal.login} may not send as`;
    return headerRefusal('display names', because, shown.address, field);
  }
  return allow(decision.rule, decision.because);
}

function headerRefusal(rule: string, because: string, address: string, field: string): Decision {
  return refuse('headerSenderNotPermitted', rule, because, { address: replyAddress(address), field });
}

function notAuthenticated(): Decision {
  return refuse('authRequired', 'authentication', 'the session is not authenticated');
}

function notActive(state: IdentityStatus): Decision {
  const rule = state === 'suspended' || state === 'removed' ? 'active identity' : 'valid credential';
  return refuse(replyOfIdentityStatus(state), rule, identityStatusText(state));
}

/** An expired login is renewed by logging in again: for this alone the session ends, and the message may come back. */
export function replyOfIdentityStatus(state: IdentityStatus): 'identityMayNotSubmit' | 'loginExpired' {
  return state === 'credentialExpired' ? 'loginExpired' : 'identityMayNotSubmit';
}
