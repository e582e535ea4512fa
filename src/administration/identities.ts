// Finding an account, and changing one: each change is made on what is stored now, and written with its revision and its record.

import { err, type Result } from '../base/result.ts';
import { type Changed, type ChangeProblem, isOfWhatIsNotThere } from '../identity/identity-changes.ts';
import { loginCandidates } from '../identity/login.ts';
import { addressDomain } from '../policy/address.ts';
import type { Credential, Identity } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import { type Actor, byOf, reasonGiven } from './actor.ts';
import { NotThere, UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

export function domainsOf({ config }: Pick<AdministrationPorts, 'config'>): ReadonlySet<string> {
  return new Set(config().domains);
}

/** Throws `UseCaseFailure` if there is none. A full address needs no domains, and so no configuration that can be read. */
export async function identityOf(
  ports: Pick<AdministrationPorts, 'config'> & { readonly lookups: Pick<Lookups, 'identityByLogin'> },
  login: string,
): Promise<ShownIdentity> {
  const known = login.includes('@') ? new Set<string>() : domainsOf(ports);
  for (const candidate of loginCandidates(login, known)) {
    const identity = await ports.lookups.identityByLogin(candidate);
    if (identity !== undefined) return identity;
  }
  throw new NotThere(`there is no account ${login}; \`postern account list\` shows all`);
}

const PAGE = 500;
/** The end of the year 9999: RFC 3339 has four digits for it. */
const LAST_MOMENT = Date.UTC(9999, 11, 31);

/** All there are by login, those that were removed last. */
export async function everybody(lookups: Pick<Lookups, 'identities'>): Promise<readonly ShownIdentity[]> {
  const all: ShownIdentity[] = [];
  for (;;) {
    const last = all.at(-1)?.login;
    const page = await lookups.identities({ max: PAGE, ...(last === undefined ? {} : { after: last }) });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

export function valueOf<T>(result: Result<T, ChangeProblem>): T {
  if (result.ok) return result.value;
  const { error } = result;
  throw isOfWhatIsNotThere(error) ? new NotThere(error.text) : new UseCaseFailure(error.text);
}

/** Where a domain is named: who looks after some of ours hears of those, not of what the configuration has. */
export function ofDomains<T>(
  { role, domains = [] }: Actor,
  result: Result<T, ChangeProblem>,
): Result<T, ChangeProblem> {
  if (result.ok || result.error.problem !== 'foreignDomain' || role !== 'domainAdmin') return result;
  const text = `the domain is none of those that you look after: ${domains.join(', ')}; ask an admin`;
  return err({ ...result.error, text });
}

/** What the trail keeps of a credential that was made or revoked: mail is recorded with the id of what it came with. */
export function credentialDetail({ id, label }: Credential): {
  readonly credential: string;
  readonly label: string;
} {
  return { credential: id, label };
}

/** When a credential ends that is made now. `lifetimeMs` absent: it has no end. Throws `UseCaseFailure`. */
export function endOf(now: number, lifetimeMs: number | undefined): { readonly expiresAt?: number } {
  if (lifetimeMs === undefined) return {};
  const expiresAt = now + lifetimeMs;
  if (expiresAt > now && expiresAt <= LAST_MOMENT) return { expiresAt };
  throw new UseCaseFailure(
    'it would be over at once, or never: say how long it counts, such as 90d, or nothing for no end',
    'usage',
  );
}

export type WritePorts = Pick<AdministrationPorts, 'store' | 'lookups' | 'clock'>;

/** What is done to an account, for its record. */
export interface Deed {
  readonly action: string;
  readonly detail?: Readonly<Record<string, string | readonly string[]>>;
}

/** Each time somebody else was faster: more than as many operators at once. */
export const TRIES_MAX = 100;

/** Writes the result of `change`, which is repeated if somebody else wrote the identity meanwhile. Throws `UseCaseFailure`. */
export async function changeIdentity(
  ports: AdministrationPorts,
  actor: Actor,
  login: string,
  deed: Deed,
  change: (identity: Identity) => Changed | Promise<Changed>,
): Promise<Identity> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const before = withCredentials(await identityOf(ports, login));
    assertMayChange(actor, before, deed.action);
    const after = valueOf(await change(before));
    const outcome = await writeIdentity(ports, actor, after, before.revision, deed);
    if (outcome === 'written') return after;
  }
  throw new UseCaseFailure(`${login} was changed by somebody else each time: try again`, 'trouble');
}

const stops: ReadonlySet<string> = new Set(['suspend', 'console session end']);

/** Throws `UseCaseFailure`. With a password of a colleague a domain admin would have his role, and could send as all that he may send as. Anybody of his may be stopped. */
export function assertMayChange(
  actor: Actor,
  { id, login, role = 'user', rights }: Identity,
  action: string,
): void {
  if (actor.role !== 'domainAdmin' || id === actor.identityId) return;
  if (role !== 'user')
    throw new UseCaseFailure(`${login} has the role ${role}: only an admin changes it`, 'denied');
  const { domains = [] } = actor;
  const reachesOut = rights.some(
    (right) => !domains.includes(right.kind === 'domain' ? right.domain : addressDomain(right.address)),
  );
  if (reachesOut && !stops.has(action))
    throw new UseCaseFailure(
      `${login} may send as somebody outside of your domains: only an admin changes it`,
      'denied',
    );
}

export async function writeIdentity(
  ports: WritePorts,
  actor: Actor,
  identity: Identity,
  expectRevision: number,
  { action, detail = {} }: Deed,
): Promise<'written' | 'stale'> {
  const told = { login: identity.login, ...detail, ...reasonGiven(actor) };
  const payload = { by: byOf(actor), action, detail: told };
  const time = ports.clock.now();
  const event = { type: 'identityChanged', time, identityId: identity.id, payload } as const;
  const [outcome] = await ports.store.commit([{ type: 'identity', identity, expectRevision, event }]);
  switch (outcome.type) {
    case 'written':
    case 'stale':
      return outcome.type;
    case 'taken':
      throw new UseCaseFailure(await takenWords(ports, identity, outcome.what));
    case 'failed':
      throw new UseCaseFailure(`the store could not write the account: ${outcome.cause}`, 'trouble');
  }
}

/** Whose it is, and the next step. */
export async function takenWords(
  { lookups }: Pick<AdministrationPorts, 'lookups'>,
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
