// Who acts: found by whoever carries the act out, never said by who asks for it.

import type { Clock } from '../platform/platform.ts';

export interface Actor {
  /** User of the operating system: the peer of the control socket, or of the process itself where no server runs. */
  readonly who: string;
  readonly through: 'command line';
  readonly role: 'operator';
  /** In the actor's own words, for the trail. */
  readonly reason?: string;
}

/** `root (command line)`: how the trail names them. */
export function byOf({ who, through }: Actor): string {
  return `${who} (${through})`;
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
