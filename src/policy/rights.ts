// May this principal put this address into reverse-path, From, Sender or Resent-*? (BCP 134 section 3.1: the identity asserted
// is tied to the identity authenticated; RFC 6409 section 6.1.) Foreign domains never, whatever the rights say: a right
// that outlived its domain gives nothing.

import type { Principal, SenderRight } from '../record/identity.ts';
import { addressText, canonicalMailbox, withoutDetail, type CanonicalMailbox } from './address.ts';
import { leadsOnward } from './onward.ts';

export interface SenderDecision {
  readonly allowed: boolean;
  /** e.g. `own address alice@example.org` */
  readonly rule: string;
  readonly because: string;
}

/** `ourDomains`: lower-case A-labels. `address` as the client wrote it. Never throws, whatever the address. */
export function maySendAs(
  principal: Principal,
  address: string,
  ourDomains: ReadonlySet<string>,
): SenderDecision {
  const mailbox = canonicalMailbox(address);
  if (mailbox === undefined) {
    return no('no address of ours', 'it is not a qualified mailbox that an account here could own');
  }
  if (!ourDomains.has(mailbox.domain)) {
    return no(
      `foreign domain ${mailbox.domain}`,
      'senders outside the domains of this server are never permitted',
    );
  }
  const canonical = addressText(mailbox);
  if (leadsOnward(mailbox.localPart)) {
    return no('no routes', `nobody may send as ${canonical}: a report to it could be led elsewhere`);
  }
  const names: Names = { canonical, owner: ownerOf(mailbox), domain: mailbox.domain };
  const right = principal.rights.find((candidate) => covers(candidate, names));
  if (right === undefined) return no('no right', `${principal.login} has no right to send as ${canonical}`);
  return {
    allowed: true,
    rule: ruleOf(right, canonical),
    because: reasonOf(right, principal.login, canonical),
  };
}

function no(rule: string, because: string): SenderDecision {
  return { allowed: false, rule, because };
}

/** What rights are compared with, worked out once for all of them. */
interface Names {
  readonly canonical: string;
  readonly owner: string | undefined;
  readonly domain: string;
}

function covers(right: SenderRight, { canonical, owner, domain }: Names): boolean {
  switch (right.kind) {
    case 'address':
      return right.address === canonical || right.address === owner;
    case 'granted':
      return right.address === canonical;
    case 'domain':
      return right.domain === domain;
  }
}

function ownerOf(mailbox: CanonicalMailbox): string | undefined {
  const base = withoutDetail(mailbox);
  return base === undefined ? undefined : addressText(base);
}

function ruleOf(right: SenderRight, canonical: string): string {
  switch (right.kind) {
    case 'address':
      return `own address ${right.address}${right.address === canonical ? '' : ' (+detail)'}`;
    case 'granted':
      return `granted address ${right.address}`;
    case 'domain':
      return `whole domain ${right.domain}`;
  }
}

function reasonOf(right: SenderRight, login: string, canonical: string): string {
  switch (right.kind) {
    case 'address':
      return right.address === canonical
        ? `${canonical} is an own address of ${login}`
        : `${canonical} is ${right.address}, an own address of ${login}, with a detail`;
    case 'granted':
      return `${canonical} was granted to ${login}`;
    case 'domain':
      return `${login} was granted every address of ${right.domain}`;
  }
}
