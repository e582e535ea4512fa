// How an operator names a part of the queue: by id, or by words that must all match.

import { credentialNamed, PASSWORD_CREDENTIAL_ID } from '../identity/credential-changes.ts';
import type { HopDomains } from '../store/hop-domains.ts';
import type { Lookups } from '../store/lookups.ts';
import type { QueueSelector } from '../store/selector.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { identityOf, valueOf } from './identities.ts';
import { assertMay } from './permissions.ts';
import type { AdministrationPorts } from './ports.ts';

/** In an error that names those that there are. */
const HOPS_NAMED = 5;

/** None at all: the whole queue. */
export interface QueuePart {
  readonly id?: string;
  /** Login. */
  readonly identity?: string;
  /** Id of an app password; with `identity` its label or `password` too. */
  readonly credential?: string;
  readonly from?: string;
  readonly to?: string;
  readonly domain?: string;
  /** Its name, as the totals of the queue have it. */
  readonly nextHop?: string;
  readonly held?: boolean;
  /** Has waited for so long or longer, ms. */
  readonly olderThan?: number;
  /** Has waited for less, ms. */
  readonly youngerThan?: number;
}

interface Ports extends Pick<AdministrationPorts, 'config' | 'nextHops'> {
  readonly clock: Pick<AdministrationPorts['clock'], 'now'>;
  readonly lookups: Pick<Lookups, 'identityByLogin' | 'identityById' | 'identityByCredential' | 'queueCount'>;
}

/** Throws `UseCaseFailure` if it names an account, a credential or a next hop that there is not, or a next hop and those are not for the role. */
export async function selectorOf(ports: Ports, actor: Actor, part: QueuePart): Promise<QueueSelector> {
  const identity = await senderOf(ports, actor, part);
  const sent =
    part.credential === undefined ? undefined : await credentialOf(ports, part.credential, identity);
  const identityId = identity?.id ?? sent?.identityId;
  return {
    ...(part.id === undefined ? {} : { messageId: part.id.toUpperCase() }),
    ...(identityId === undefined ? {} : { identityId }),
    ...(sent === undefined ? {} : { credentialId: sent.credentialId }),
    ...(part.from === undefined ? {} : { from: part.from }),
    ...(part.to === undefined ? {} : { to: part.to }),
    ...(part.domain === undefined ? {} : { domain: part.domain }),
    ...(part.nextHop === undefined ? {} : { nextHop: nextHopOf(ports, actor, part.nextHop) }),
    ...agesOf(ports, part),
    ...(part.held === undefined ? {} : { held: part.held }),
  };
}

/** For who may see the totals: whether there is one of a name would tell the others where mail goes. */
function nextHopOf({ nextHops }: Ports, actor: Actor, name: string): HopDomains {
  assertMay(actor, 'queueTotals');
  const all = nextHops();
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const some = all.slice(0, HOPS_NAMED).map((one) => `"${one.name}"`);
  const more = all.length > some.length ? ' and others' : '';
  throw new UseCaseFailure(
    `the configuration has no next hop "${name}"; it has ${some.join(', ')}${more}`,
    'usage',
  );
}

/** What waits since exactly so long is older. */
function agesOf({ clock }: Ports, { olderThan, youngerThan }: QueuePart): QueueSelector {
  if (olderThan === undefined && youngerThan === undefined) return {};
  const now = clock.now();
  return {
    ...(olderThan === undefined ? {} : { acceptedBefore: now - olderThan + 1 }),
    ...(youngerThan === undefined ? {} : { acceptedSince: now - youngerThan + 1 }),
  };
}

/** A user means his own mail. */
function senderOf(
  ports: Ports,
  actor: Actor,
  { identity, id }: QueuePart,
): Promise<ShownIdentity | undefined> {
  if (identity !== undefined) return identityOf(ports, identity);
  const isOwn = actor.role === 'user' && id === undefined && actor.identityId !== undefined;
  return isOwn ? ports.lookups.identityById(actor.identityId) : Promise.resolve(undefined);
}

interface Sent {
  readonly credentialId: string;
  /** Of whose mail it is, where that is known. */
  readonly identityId?: string;
}

/** Revoked ones count: what they sent is what is looked for. */
async function credentialOf(
  { lookups }: Ports,
  named: string,
  identity: ShownIdentity | undefined,
): Promise<Sent> {
  const isPassword = named.toLowerCase() === PASSWORD_CREDENTIAL_ID;
  if (named === '' || (isPassword && identity === undefined))
    throw new UseCaseFailure(
      '--credential is the id of an app password, or with --identity LOGIN its label or `password`',
      'usage',
    );
  const id = isPassword ? PASSWORD_CREDENTIAL_ID : named.toUpperCase();
  if (identity === undefined) {
    const owner = await lookups.identityByCredential(id);
    if (owner !== undefined) return { credentialId: id, identityId: owner.id };
  } else {
    const found = valueOf(credentialNamed(withCredentials(identity).credentials, named));
    if (found !== undefined) return { credentialId: found.id };
  }
  // The mail of a removed account outlives its credentials.
  const whose = identity === undefined ? {} : { identityId: identity.id };
  if ((await lookups.queueCount({ ...whose, credentialId: id })) > 0) return { credentialId: id };
  throw new UseCaseFailure(
    identity === undefined
      ? `no app password has the id ${named}; a label needs --identity LOGIN`
      : `${identity.login} has no credential ${named}; \`postern account show ${identity.login}\` lists them`,
  );
}
