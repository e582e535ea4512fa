// Who asks over the control socket? Only root and the server's own user get in, and each proves which of them it is (src/http/claims.ts). The claims lie in
// the data directory itself: nobody else may write there, and caller and server may see no other place in common. The directory is the server's user's, which could
// take a file of root's for a claim of its own: that one can write the trail itself, so nothing here could hold it off.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UseCaseFailure } from '../administration/failure.ts';
import { nameOfUid } from '../platform/os-user.ts';
import { namelessUser, ownUserName } from '../platform/own-user.ts';
import type { Clock } from '../platform/platform.ts';
import { isClaimName } from './claim-name.ts';
import { type UserClaim, claimsIn } from './claims.ts';
import { CLAIM_PREFIX } from './control-protocol.ts';

/** Claims that wait for their file; the oldest gives way. */
const CLAIMS_MAX = 1000;

export interface ControlPeers {
  /** The name of a claim, to be proven by a file. */
  claim(): string;
  /** The user who proved the claim, which counts once. Throws `UseCaseFailure` if nobody did. */
  whoProved(claim: unknown): string;
}

export function createControlPeers(dataDirectory: string, clock: Clock): ControlPeers {
  sweep(dataDirectory);
  const claims = claimsIn(() => dataDirectory, clock, CLAIM_PREFIX);
  const open = new Map<string, UserClaim>();
  const names = new Map<number, string>();

  function nameOf(uid: number): string {
    const known = names.get(uid);
    if (known !== undefined) return known;
    const found = uid === process.getuid?.() ? ownUserName() : (nameOfUid(uid) ?? namelessUser(uid));
    names.set(uid, found);
    return found;
  }

  return {
    claim() {
      const made = claims.issue();
      const [oldest] = open.values();
      if (open.size >= CLAIMS_MAX && oldest !== undefined) {
        claims.drop(oldest);
        open.delete(oldest.name);
      }
      open.set(made.name, made);
      return made.name;
    },
    whoProved(name) {
      const claim = typeof name === 'string' ? open.get(name) : undefined;
      if (claim === undefined)
        throw new UseCaseFailure(
          'the running server does not know who asks: is it of another version?',
          'trouble',
        );
      open.delete(claim.name);
      const proof = claims.redeem(claim);
      if ('uid' in proof) return nameOf(proof.uid);
      const because = 'late' in proof ? proof.late : proof.refused;
      throw new UseCaseFailure(`the running server does not know who asks: ${because}`, 'trouble');
    },
  };
}

/** What a command that was killed left. */
function sweep(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory))
    if (name.startsWith(CLAIM_PREFIX) && isClaimName(name.slice(CLAIM_PREFIX.length)))
      rmSync(join(dataDirectory, name), { force: true });
}
