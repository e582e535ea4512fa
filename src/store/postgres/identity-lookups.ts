// Not built yet.
import type { Lookups } from '../lookups.ts';
import type { Reader } from './reader.ts';
const no = (): Promise<never> => Promise.reject(new Error('not built yet'));
export function identityLookups(
  _reader: Reader,
): Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identitiesByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
> {
  return {
    identityByLogin: no,
    identityById: no,
    identityByAddress: no,
    identitiesByAddress: no,
    identityByCredential: no,
    identities: no,
    credentialUses: no,
  };
}
