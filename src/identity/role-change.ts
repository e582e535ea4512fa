// An identity is given a role, in the way of `identity-changes.ts`: a pure function to the next revision.

import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import type { Identity, Role } from '../record/identity.ts';
import { changed, type Changed, problem } from './identity-changes.ts';

/** `domains`: of a domain admin, ours alone; of another role none. */
export function setRole(
  identity: Identity,
  { role, domains }: { readonly role: Role; readonly domains: readonly string[] },
  ours: ReadonlySet<string>,
): Changed {
  if ((role === 'domainAdmin') !== domains.length > 0)
    return problem(
      'state',
      role === 'domainAdmin'
        ? 'a domain admin has domains: name them with --domain'
        : `domains go with the role domainAdmin, not with ${role}`,
    );
  const canonical = domains.map((domain) => canonicalDomain(domain) ?? domain);
  const foreign = canonical.find((domain) => !ours.has(domain));
  if (foreign !== undefined)
    return problem('foreignDomain', `${foreign} is none of our domains: they stand in \`domains:\``);
  const { role: _role, adminOf: _adminOf, ...others } = identity;
  const named = role === 'user' ? {} : { role };
  const of = role === 'domainAdmin' ? { adminOf: [...new Set(canonical)].sort() } : {};
  return changed({ ...others, ...named, ...of }, {});
}
