// The directory of our own accounts: kept in the store, with a hash of each password.

import type { Credential } from '../../record/identity.ts';
import { type ShownIdentity, withCredentials } from '../../store/shown-identity.ts';
import { proofOf } from '../standing.ts';
import type { Directory, DirectoryPorts } from './directory.ts';

export function accounts({
  lookups,
  hashing,
}: Pick<DirectoryPorts, 'hashing'> & {
  readonly lookups: Pick<DirectoryPorts['lookups'], 'identityByLogin' | 'identityByAddress'>;
}): Directory {
  return {
    byLogin: (login) =>
      lookups.identityByLogin(login).then((found) => {
        const shown = ours(found);
        return shown === undefined ? undefined : withCredentials(shown);
      }),
    byAddress: (address) => lookups.identityByAddress(address).then(ours),
    async password(identity, password, asker) {
      const human = identity?.credentials.find(({ kind }) => kind === 'password');
      const hashed = await hashing.verify(asker, phcOf(human), password);
      if (hashed === 'busy') return { type: 'busy' };
      if (identity === undefined) return { type: 'wrong', cause: 'unknown login' };
      if (!hashed.isRight || human === undefined) return { type: 'wrong', cause: 'wrong secret' };
      return { type: 'right', proof: proofOf(human), paysOff: hashed.paysOff };
    },
  };
}

/** The store also has those whom another directory keeps. */
function ours(identity: ShownIdentity | undefined): ShownIdentity | undefined {
  return identity?.origin === undefined ? identity : undefined;
}

function phcOf(credential: Credential | undefined): string | undefined {
  for (const verifier of credential?.verifiers ?? []) if (verifier.type === 'argon2id') return verifier.phc;
  return undefined;
}
