// The access record: who looked at what, when, through what and why; who was let into the console, and who left it. To look at it is such a look too.

import type { AdministrationPayload } from '../record/events.ts';
import type { Cursor } from '../store/lookups.ts';
import { type Actor, reasonGiven } from './actor.ts';
import { assertReason, recordLook } from './looks.ts';
import type { AdministrationPorts } from './ports.ts';

export interface ShownLook {
  readonly at: number;
  readonly kind: 'look' | 'session';
  /** Absent, as what follows: retention or erasure took it. */
  readonly by?: string;
  readonly action?: string;
  readonly detail?: AdministrationPayload['detail'];
}

export interface AccessRecord {
  /** Newest first. */
  readonly looks: readonly ShownLook[];
  /** There may be more. */
  readonly next?: Cursor;
}

export interface LooksWanted {
  /** A user, a login, or as the trail names them: `root (console)`. */
  readonly who?: string;
  readonly since?: number;
  readonly until?: number;
  readonly after?: Cursor;
  readonly max: number;
}

const MAX = 500;

export async function listLooks(
  ports: AdministrationPorts,
  actor: Actor,
  wanted: LooksWanted,
): Promise<AccessRecord> {
  assertReason(ports, actor);
  // Looked up first: this look is not of the list.
  const { events, next } = await ports.lookups.looks({ ...wanted, max: Math.min(wanted.max, MAX) });
  const { who } = wanted;
  await recordLook(ports, actor, 'audit looks', {
    ...(who === undefined ? {} : { who }),
    ...reasonGiven(actor),
  });
  const looks = events.map(({ time, type, payload }): ShownLook => {
    const kind = type === 'consoleSession' ? 'session' : 'look';
    return { at: time, kind, ...(payload as AdministrationPayload | undefined) };
  });
  return { looks, ...(next === undefined ? {} : { next }) };
}
