// How an operator names a part of the queue: by id, or by options that must all match.

import type { Identity } from '../record/identity.ts';
import type { QueueSelector } from '../store/port.ts';
import type { LookContext } from './context.ts';
import { CommandFailure } from './failure.ts';
import type { OptionRow } from './option-rows.ts';

export interface SelectorOptions {
  readonly identity?: string;
  readonly credential?: string;
  readonly from?: string;
  readonly to?: string;
  readonly domain?: string;
  readonly held?: boolean;
  readonly json?: boolean;
}

export const selectorOptions: readonly OptionRow[] = [
  ['--identity <login>', 'mail of this account'],
  ['--credential <id>', 'what came with this app password; with --identity a label or `password` too'],
  ['--from <address>', 'this reverse-path'],
  ['--to <address>', 'this recipient'],
  ['--domain <domain>', 'recipients of this domain'],
  ['--held', 'only what is held'],
];

type Context = Pick<LookContext, 'lookups' | 'whole'>;

export async function selectorOf(
  context: Context,
  id: string | undefined,
  options: SelectorOptions,
): Promise<QueueSelector> {
  const identity = options.identity === undefined ? undefined : await identityOf(context, options.identity);
  const credentialId =
    options.credential === undefined ? undefined : await credentialOf(context, options.credential, identity);
  return {
    ...(id === undefined ? {} : { messageId: id.toUpperCase() }),
    ...(identity === undefined ? {} : { identityId: identity.id }),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    ...(options.held === undefined ? {} : { held: options.held }),
  };
}

async function identityOf({ lookups, whole }: Context, login: string): Promise<Identity> {
  const identities = await import('./identities.ts');
  return identities.identityIn(lookups, login, async () => identities.domainsOf({ loaded: await whole() }));
}

/** Its id. Revoked ones count: what they sent is what is looked for. */
async function credentialOf(
  { lookups }: Context,
  named: string,
  identity: Identity | undefined,
): Promise<string> {
  const { credentialNamed, PASSWORD_CREDENTIAL_ID } = await import('../identity/credential-changes.ts');
  const isPassword = named.toLowerCase() === PASSWORD_CREDENTIAL_ID;
  if (named === '' || (isPassword && identity === undefined))
    throw new CommandFailure(
      '--credential is the id of an app password, or with --identity LOGIN its label or `password`',
      2,
    );
  const id = isPassword ? PASSWORD_CREDENTIAL_ID : named.toUpperCase();
  if (identity === undefined) {
    if ((await lookups.identityByCredential(id)) !== undefined) return id;
  } else {
    const { valueOf } = await import('./identities.ts');
    const found = valueOf(credentialNamed(identity.credentials, named));
    if (found !== undefined) return found.id;
  }
  // The mail of a removed account outlives its credentials.
  const whose = identity === undefined ? {} : { identityId: identity.id };
  if ((await lookups.queueCount({ ...whose, credentialId: id })) > 0) return id;
  throw new CommandFailure(
    identity === undefined
      ? `no app password has the id ${named}; a label needs --identity LOGIN`
      : `${identity.login} has no credential ${named}; \`postern account show ${identity.login}\` lists them`,
  );
}
