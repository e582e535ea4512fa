// How an operator names a part of the queue: by id, or by words that must all match.

import { credentialNamed, PASSWORD_CREDENTIAL_ID } from '../identity/credential-changes.ts';
import type { Lookups } from '../store/lookups.ts';
import type { QueueSelector } from '../store/port.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { identityOf, valueOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

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
  readonly held?: boolean;
}

interface Ports extends Pick<AdministrationPorts, 'config'> {
  readonly lookups: Pick<Lookups, 'identityByLogin' | 'identityById' | 'identityByCredential' | 'queueCount'>;
}

/** Throws `UseCaseFailure` if it names an account or a credential that there is not. */
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
    ...(part.held === undefined ? {} : { held: part.held }),
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
