// The other kind of traffic (BCP 134 section 4.1): unauthenticated mail for existing mailboxes of our own domains, and nothing
// else. The sender's claims about itself count for nothing (F-REL-12); the relay decision is made on the canonical
// forward-path only, so percent, bang, quoted and literal forms lead nowhere (requirements F.3), not even by the mailer after us
// (`onward.ts`): neither as recipients nor as senders, to whom a report would go.

import type { EnvelopeRecipient, ReversePathAndParameters } from '../protocol/envelope.ts';
import type { Mailbox } from '../protocol/wire/mailbox.ts';
import { foldLocalPart } from './address.ts';
import { allow, refuse, type Decision } from './decision.ts';
import { forwardDomain } from './forward-domain.ts';
import { judgeMailbox, leadsNowhere } from './mailbox-rules.ts';
import { leadsOnward } from './onward.ts';
import { isBarePostmaster, isRoleMailbox, postmasterOf } from './role-mailbox.ts';
import type { LocalMailbox } from './submission-policy.ts';

export interface MxDecision extends Decision {
  /** Where an accepted recipient's mail goes, if not to the forward-path as written. */
  readonly forwardPath?: string;
}

export interface MxOptions {
  /** SMTPUTF8 was given with MAIL. */
  readonly smtputf8: boolean;
  /** IP addresses of this server: mail to postmaster at such a literal is for us (RFC 5321 section 4.1.3). */
  readonly ownAddresses: readonly string[];
}

const plain: MxOptions = { smtputf8: false, ownAddresses: [] };

/** MAIL on role mx: anybody may write to us; only what could never be answered or passed on is refused. */
export function decideMxMail(
  domains: ReadonlySet<string>,
  from: Pick<ReversePathAndParameters, 'reversePath' | 'smtputf8'>,
): Decision {
  if (from.reversePath === '') return allow('mx traffic', 'a null reverse-path is a report or a notice');
  const judged = judgeMailbox('sender', from.reversePath, from.smtputf8);
  if (!judged.ok) return judged.decision;
  const domain = forwardDomain(judged.mailbox);
  if (domain.type === 'name' && domains.has(domain.name) && leadsOnward(judged.mailbox.localPart))
    return refuse(
      'senderLeadsOnward',
      'no routes',
      `nobody of ${domain.name} has a name that leads elsewhere`,
    );
  return allow('mx traffic', 'the sender is unauthenticated and may write to our own mailboxes only');
}

/** RCPT on role mx. `mailbox` is the caller's look-up for a domain of ours; source routes were stripped by the session. */
export function decideMxRecipient(
  domains: ReadonlySet<string>,
  recipient: Pick<EnvelopeRecipient, 'forwardPath'>,
  mailbox: LocalMailbox | 'elsewhere',
  hostname: string,
  options: MxOptions = plain,
): MxDecision {
  const { forwardPath } = recipient;
  if (isBarePostmaster(forwardPath)) return toPostmaster(domains);
  const judged = judgeMailbox('recipient', forwardPath, options.smtputf8);
  if (!judged.ok) return judged.decision;
  const domain = forwardDomain(judged.mailbox);
  if (domain.type === 'none') {
    return refuse('recipientSyntax', 'recipient syntax', 'the domain of the forward-path is no domain name');
  }
  if (domain.type === 'literal') return decideLiteral(domains, judged.mailbox, options.ownAddresses);
  return decideDomain(domains, domain.name, judged.mailbox, mailbox, hostname);
}

function decideDomain(
  domains: ReadonlySet<string>,
  name: string,
  recipient: Mailbox,
  mailbox: LocalMailbox | 'elsewhere',
  hostname: string,
): MxDecision {
  const role = isRole(recipient);
  if (domains.has(name)) {
    if (leadsOnward(recipient.localPart)) return leadsNowhere(name);
    if (role) return allow('role mailbox', `postmaster and abuse exist in ${name} always`);
    return mailbox === 'exists'
      ? allow('own mailbox', `the mailbox exists in ${name}`)
      : refuse('unknownRecipient', 'existing mailboxes', `there is no such mailbox in ${name}`);
  }
  if (role && name === hostname.toLowerCase()) return toPostmaster(domains);
  return refuse(
    'relayDenied',
    'own domains only',
    `${name} is no domain of ours and the session is not authenticated`,
  );
}

function decideLiteral(
  domains: ReadonlySet<string>,
  recipient: Mailbox,
  ownAddresses: readonly string[],
): MxDecision {
  const address = recipient.isLiteral ? literalAddress(recipient.domain) : undefined;
  const own = address !== undefined && ownAddresses.some((candidate) => comparable(candidate) === address);
  if (own && foldLocalPart(recipient.localPart) === 'postmaster') return toPostmaster(domains);
  return refuse(
    'relayDenied',
    'no address literals',
    own ? 'at our own literal only postmaster exists' : 'mail goes to domains of ours, not to IP addresses',
  );
}

function toPostmaster(domains: ReadonlySet<string>): MxDecision {
  const forwardPath = postmasterOf(domains);
  if (forwardPath === undefined)
    return refuse('relayDenied', 'own domains only', 'this server has no domain');
  return { ...allow('role mailbox', `postmaster of this server is ${forwardPath}`), forwardPath };
}

function isRole(recipient: Mailbox): boolean {
  const localPart = foldLocalPart(recipient.localPart);
  return localPart !== undefined && isRoleMailbox({ localPart });
}

/** `[192.0.2.1]` and `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3) as comparable text. */
function literalAddress(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (inner.toLowerCase().startsWith('ipv6:')) return comparable(inner.slice('ipv6:'.length));
  return inner.includes(':') ? undefined : comparable(inner);
}

// One spelling for each address: IPv6 through the URL serialiser (RFC 5952), IPv4 in exactly four decimal numbers.
function comparable(address: string): string | undefined {
  if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(address)) return address;
  if (!/^[\da-fA-F:.]{2,45}$/.test(address) || !URL.canParse(`http://[${address}]/`)) return undefined;
  return new URL(`http://[${address}]/`).hostname;
}
