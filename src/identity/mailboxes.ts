// Does a mailbox exist in a domain of ours? Asked at RCPT (BCP 134 section 3, RFC 5321 section 4.2.3), for mail from outside and for
// submissions alike. Yes for: postmaster and abuse; what the configuration lists (`mailboxes:`, `aliases:`; `@domain` stands
// for every name of a domain whose mailboxes live elsewhere); own addresses of identities, also with `+detail`; never for a name that
// would lead the next mailer elsewhere (`policy/onward.ts`). A suspended identity still receives; a removed one and a service do not.

import type { Clock } from '../platform/platform.ts';
import { addressText, canonicalMailbox, withoutDetail, type CanonicalMailbox } from '../policy/address.ts';
import { leadsOnward } from '../policy/onward.ts';
import { isBarePostmaster, isRoleMailbox } from '../policy/role-mailbox.ts';
import type { LocalMailbox } from '../policy/submission-policy.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import { createLru } from './lru.ts';

export interface Mailboxes {
  /** `elsewhere`: no domain of ours, or no mailbox at all. At once if it is known. Rejects with `StoreUnavailable`. */
  find(forwardPath: string): LocalMailbox | 'elsewhere' | Promise<LocalMailbox>;
  /** An identity changed, came or went. */
  forget(identityId: IdentityId): void;
  /** Notices may have been lost. */
  unsure(): void;
}

export interface MailboxSettings {
  /** Our domains, lower-case A-labels; read at each question, so that a reload takes effect. */
  domains(): ReadonlySet<string>;
  /** Addresses and `@domain` entries, canonical: see `configuredMailboxes`. */
  configured(): ReadonlySet<string>;
}

const ENTRIES_MAX = 20_000;
/** Bounds what a notice that comes late can do. */
const KEEP_MS = 60_000;

interface Entry {
  readonly mailbox: LocalMailbox;
  /** Absent: no identity has the address. */
  readonly identityId?: IdentityId;
  readonly at: number;
}

/** Configured `ADDRESS` and `@DOMAIN` texts in canonical form; what has none is left out. */
export function configuredMailboxes(texts: Iterable<string>): ReadonlySet<string> {
  const canonical = new Set<string>();
  for (const text of texts) {
    const mailbox = canonicalMailbox(text.startsWith('@') ? `x${text}` : text);
    if (mailbox !== undefined)
      canonical.add(text.startsWith('@') ? `@${mailbox.domain}` : addressText(mailbox));
  }
  return canonical;
}

export function createMailboxes(options: {
  readonly lookups: Pick<Lookups, 'identityByAddress'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly settings: MailboxSettings;
}): Mailboxes {
  const { lookups, clock, settings } = options;
  const known = createLru<string, Entry>(ENTRIES_MAX);
  const absent = createLru<string, Entry>(ENTRIES_MAX);
  let changes = 0;

  function remembered(address: string): LocalMailbox | undefined {
    const now = clock.monotonic();
    const entry = known.get(address) ?? absent.get(address);
    return entry !== undefined && now - entry.at < KEEP_MS ? entry.mailbox : undefined;
  }

  async function lookUp(address: string): Promise<LocalMailbox> {
    const at = clock.monotonic();
    const changesBefore = changes;
    const identity = await lookups.identityByAddress(address);
    const exists = identity !== undefined && identity.state !== 'removed' && identity.mailbox;
    const found: Entry = exists
      ? { mailbox: 'exists', identityId: identity.id, at }
      : { mailbox: 'unknown', at };
    // An answer that a change has overtaken is used once and not cached.
    if (changes !== changesBefore) return found.mailbox;
    (exists ? absent : known).delete(address);
    (exists ? known : absent).set(address, found);
    return found.mailbox;
  }

  async function lookUpEach(addresses: readonly string[]): Promise<LocalMailbox> {
    for (const address of addresses)
      if ((remembered(address) ?? (await lookUp(address))) === 'exists') return 'exists';
    return 'unknown';
  }

  function findLocal(mailbox: CanonicalMailbox): LocalMailbox | Promise<LocalMailbox> {
    if (leadsOnward(mailbox.localPart)) return 'unknown';
    const configured = settings.configured();
    const address = addressText(mailbox);
    const base = withoutDetail(mailbox);
    const spellings = base === undefined ? [address] : [address, addressText(base)];
    if (isRoleMailbox(mailbox) || configured.has(`@${mailbox.domain}`)) return 'exists';
    if (spellings.some((spelling) => configured.has(spelling))) return 'exists';
    const known = spellings.map(remembered);
    if (known.includes('exists')) return 'exists';
    return known.includes(undefined) ? lookUpEach(spellings) : 'unknown';
  }

  return {
    find(forwardPath) {
      if (isBarePostmaster(forwardPath)) return 'exists';
      const domains = settings.domains();
      const mailbox = canonicalMailbox(forwardPath);
      if (mailbox !== undefined) return domains.has(mailbox.domain) ? findLocal(mailbox) : 'elsewhere';
      return isOurs(forwardPath, domains) ? 'unknown' : 'elsewhere';
    },
    forget(identityId) {
      changes += 1;
      known.deleteWhere((entry) => entry.identityId === identityId);
      // An address that nobody had may be this identity's now.
      absent.deleteWhere(() => true);
    },
    unsure() {
      changes += 1;
      for (const entries of [known, absent]) entries.deleteWhere(() => true);
    },
  };
}

/** A local part that can't be ours may still stand before a domain that is. */
function isOurs(forwardPath: string, domains: ReadonlySet<string>): boolean {
  const domain = canonicalDomain(forwardPath.slice(forwardPath.lastIndexOf('@') + 1));
  return domain !== undefined && domains.has(domain);
}
