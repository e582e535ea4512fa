// How an operator names a part of the queue: by id, or by words that must all match.

import { credentialNamed, PASSWORD_CREDENTIAL_ID } from '../identity/credential-changes.ts';
import type { Identity } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { QueueSelector } from '../store/port.ts';
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
  readonly lookups: Pick<Lookups, 'identityByLogin' | 'identityByCredential' | 'queueCount'>;
}

/** Throws `UseCaseFailure` if it names an account or a credential that there is not. */
export async function selectorOf(ports: Ports, part: QueuePart): Promise<QueueSelector> {
  const identity = part.identity === undefined ? undefined : await identityOf(ports, part.identity);
  const credentialId =
    part.credential === undefined ? undefined : await credentialOf(ports, part.credential, identity);
  return {
    ...(part.id === undefined ? {} : { messageId: part.id.toUpperCase() }),
    ...(identity === undefined ? {} : { identityId: identity.id }),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(part.from === undefined ? {} : { from: part.from }),
    ...(part.to === undefined ? {} : { to: part.to }),
    ...(part.domain === undefined ? {} : { domain: part.domain }),
    ...(part.held === undefined ? {} : { held: part.held }),
  };
}

/** Its id. Revoked ones count: what they sent is what is looked for. */
async function credentialOf(
  { lookups }: Ports,
  named: string,
  identity: Identity | undefined,
): Promise<string> {
  const isPassword = named.toLowerCase() === PASSWORD_CREDENTIAL_ID;
  if (named === '' || (isPassword && identity === undefined))
    throw new UseCaseFailure(
      '--credential is the id of an app password, or with --identity LOGIN its label or `password`',
      'usage',
    );
  const id = isPassword ? PASSWORD_CREDENTIAL_ID : named.toUpperCase();
  if (identity === undefined) {
    if ((await lookups.identityByCredential(id)) !== undefined) return id;
  } else {
    const found = valueOf(credentialNamed(identity.credentials, named));
    if (found !== undefined) return found.id;
  }
  // The mail of a removed account outlives its credentials.
  const whose = identity === undefined ? {} : { identityId: identity.id };
  if ((await lookups.queueCount({ ...whose, credentialId: id })) > 0) return id;
  throw new UseCaseFailure(
    identity === undefined
      ? `no app password has the id ${named}; a label needs --identity LOGIN`
      : `${identity.login} has no credential ${named}; \`postern account show ${identity.login}\` lists them`,
  );
}
