// Who acts: found by whoever carries the act out, never said by who asks for it. What he may is judged by `permissions.ts`, whom it may touch by `scope.ts`.

import type { Clock } from '../platform/platform.ts';
import type { IdentityId, Role, TokenScope } from '../record/identity.ts';

export interface Actor {
  /** User of the operating system: the peer of the control socket, or of the process itself where no server runs. At the private HTTP port: the address. In the console: for whom the link was made. Through the API: the login. */
  readonly who: string;
  readonly through: 'command line' | 'private HTTP port' | 'console' | 'API';
  readonly role: Role;
  /** Of a domain admin: whose identities he sees and acts on. */
  readonly domains?: readonly string[];
  /** The identity that acts. Whoever acts as `user` sees this one alone. */
  readonly identityId?: IdentityId;
  /** The token that he came with. Its scopes narrow what the role may. */
  readonly token?: { readonly id: string; readonly scopes: readonly TokenScope[] };
  /** In a session: when he last proved that it is he, ms since the epoch. Absent: not yet. */
  readonly provedAt?: number;
  /** In the actor's own words, for the trail. */
  readonly reason?: string;
}

/** `root (command line)`, `ci@example.org (API, token 4Q7WJ2ZK)`: how the trail names them. */
export function byOf({ who, through, token }: Pick<Actor, 'who' | 'through' | 'token'>): string {
  return `${who} (${through}${token === undefined ? '' : `, token ${token.id}`})`;
}

/** For the detail of a record; nothing if none was given. */
export function reasonGiven({ reason = '' }: Actor): { readonly reason?: string } {
  return reason === '' ? {} : { reason };
}

/** For a change of the store that writes its own record. */
export function whoActs(
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  actor: Actor,
): { readonly now: number; readonly by: string; readonly because?: string } {
  const { reason = '' } = actor;
  return { now: clock.now(), by: byOf(actor), ...(reason === '' ? {} : { because: reason }) };
}
