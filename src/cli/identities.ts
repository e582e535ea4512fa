// Finding and changing identities from the command line: each change is made on what is stored now and written with its revision.

import type { Changed } from '../identity/directory.ts';
import { loginCandidates } from '../identity/login.ts';
import type { Result } from '../base/result.ts';
import type { Credential, Identity, SenderRight } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';

export function domainsOf({ loaded }: Pick<CommandContext, 'loaded'>): ReadonlySet<string> {
  return new Set(loaded.config.domains);
}

export function identityOf(
  context: Pick<CommandContext, 'loaded' | 'lookups'>,
  login: string,
): Promise<Identity> {
  return identityIn(context.lookups, login, () => domainsOf(context));
}

/** A full address needs no domains, and so no configuration that can be read. */
export async function identityIn(
  lookups: Pick<Lookups, 'identityByLogin'>,
  login: string,
  domains: () => ReadonlySet<string> | Promise<ReadonlySet<string>>,
): Promise<Identity> {
  const known = login.includes('@') ? new Set<string>() : await domains();
  for (const candidate of loginCandidates(login, known)) {
    const identity = await lookups.identityByLogin(candidate);
    if (identity !== undefined) return identity;
  }
  throw new CommandFailure(`there is no account ${login}; \`postern account list\` shows all`);
}

const PAGE = 500;

/** All there are by login, those that were removed last. */
export async function everybody(lookups: Pick<Lookups, 'identities'>): Promise<readonly Identity[]> {
  const all: Identity[] = [];
  for (;;) {
    const last = all.at(-1)?.login;
    const page = await lookups.identities({ max: PAGE, ...(last === undefined ? {} : { after: last }) });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

export function valueOf<T>(result: Result<T, { readonly text: string }>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(result.error.text);
}

/** What the trail keeps of a credential that was made or revoked: mail is recorded with the id of what it came with. */
export function credentialDetail({ id, label }: Credential): {
  readonly credential: string;
  readonly label: string;
} {
  return { credential: id, label };
}

/** Writes the result of `change`, which is repeated if somebody else wrote the identity meanwhile. */
export async function changeIdentity(
  context: CommandContext,
  login: string,
  action: string,
  detail: Readonly<Record<string, string>>,
  change: (identity: Identity) => Changed | Promise<Changed>,
): Promise<Identity> {
  for (;;) {
    const before = await identityOf(context, login);
    const after = valueOf(await change(before));
    const outcome = await writeIdentity(context, after, before.revision, action, detail);
    if (outcome === 'written') return after;
  }
}

export async function writeIdentity(
  context: CommandContext,
  identity: Identity,
  expectRevision: number,
  action: string,
  detail: Readonly<Record<string, string>>,
): Promise<'written' | 'stale'> {
  const payload = { by: context.by, action, detail: { login: identity.login, ...detail } };
  const event = { type: 'identityChanged', time: context.now, identityId: identity.id, payload } as const;
  const [outcome] = await context.store.commit([{ type: 'identity', identity, expectRevision, event }]);
  switch (outcome.type) {
    case 'written':
    case 'stale':
      return outcome.type;
    case 'taken':
      throw new CommandFailure(await takenWords(context, identity, outcome.what));
    case 'failed':
      throw new CommandFailure(`the store could not write the account: ${outcome.cause}`, 3);
  }
}

/** Whose it is, and the next step. */
export async function takenWords(
  { lookups }: CommandContext,
  identity: Identity,
  what: string,
): Promise<string> {
  const [byLogin, byAddress] = await Promise.all([
    lookups.identityByLogin(what),
    lookups.identitiesByAddress(what),
  ]);
  const owner = [byLogin ?? [], byAddress].flat().find(({ id }) => id !== identity.id);
  if (owner === undefined) return `${what} belongs to another account`;
  const { login, state } = owner;
  if (login !== what)
    return `${what} is an address of ${state === 'removed' ? 'the removed account ' : ''}${login}, and a login belongs to one account alone: take it from there with \`postern account rights ${login} remove ${what}\``;
  return state === 'removed'
    ? `${what} is the login of a removed account until its retention ends: \`postern account restore ${what}\` brings it back`
    : `${what} is the login of an account already: \`postern account show ${what}\``;
}

export function rightText(right: SenderRight): string {
  return right.kind === 'domain' ? `@${right.domain}` : right.address;
}
