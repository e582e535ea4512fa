// What both ends of the control socket know. Apart from the server's end, because a command that only asks need not load that.

import type { Administration, UseCaseName } from '../administration/use-cases.ts';
import type { Lookups } from '../store/lookups.ts';

/** In the data directory. */
export const CONTROL_SOCKET = 'control.sock';

/** Before the name of a claim: a file in the data directory (src/http/control-peers.ts). */
export const CLAIM_PREFIX = 'claim-';

/** Look-ups in one request. */
export const LOOKUPS_MAX = 100;

/**
 * What `explain`, `check` and `audit verify` look up by themselves. These commands show nobody's mail; what does is a use case. Another program could ask the same
 * (`acceptances` tells who sent) and leave no record: only who may read the database itself gets to the socket, so there is no more to be held off here.
 */
export const controlLookups = [
  'identityByLogin',
  'identityById',
  'identityByAddress',
  'identitiesByAddress',
  'identities',
  'queue',
  'acceptances',
  'chains',
  'links',
  'newestLinks',
  'indexEntries',
  'strayEntries',
] as const satisfies readonly Exclude<keyof Lookups, 'content'>[];

export type ControlLookups = Pick<Lookups, (typeof controlLookups)[number]>;

type InPieces = {
  [N in UseCaseName]: ReturnType<Administration[N]> extends Promise<AsyncIterable<Uint8Array>> ? N : never;
}[UseCaseName];

/** Use cases that give octets in pieces. */
export const inPieces: Readonly<Record<InPieces, true>> = {
  queuedContent: true,
  exportTrail: true,
  backUp: true,
};

/** A use case, asked for. Who asks is what the claim proves. */
export interface Act {
  readonly useCase: string;
  readonly input?: unknown;
  readonly reason?: string;
  readonly claim: string;
}

export interface LookupAnswer {
  readonly value?: unknown;
  readonly error?: string;
  readonly name?: string;
  /** Of a `UseCaseFailure`. */
  readonly kind?: string;
}

export interface ReloadResult {
  readonly problems: readonly string[];
  /** Keys that changed and count after a restart only. */
  readonly needsRestart: readonly string[];
}
