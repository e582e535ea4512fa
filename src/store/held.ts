// Why a delivery is held, as bits of `recipient.held`, which the index of what waits for a claim goes by. That of the identity says only that a claim has
// put the row aside (`parked.ts`): whether the identity may send stands with the identity.

import { type HoldReason, holdReasons } from './queue-change.ts';

export const holdBit = { operator: 1, identity: 2, review: 4 } as const satisfies Record<HoldReason, number>;

/** Bits that commands and attempts set. */
export const COMMANDED = holdBit.operator | holdBit.review;

/** In SQL: its identity may not send. `row`: the table with the identity. */
export const mayNotSend = (row: 'm' | 'r'): string =>
  // Asked of one row at a time: for EXISTS a planner may read all identities first.
  `coalesce((SELECT i.state <> 'active' FROM identity i WHERE i.id = ${row}.identity_id), false)`;

/** In SQL, of `recipient r`: it is held, for whatever reason. `row`: the table with the identity. */
export const isHeld = (row: 'm' | 'r'): string => `(r.held & ${COMMANDED} <> 0 OR ${mayNotSend(row)})`;

export function reasonsOf(held: number, mayNotSend: boolean): readonly HoldReason[] {
  return holdReasons.filter((reason) =>
    reason === 'identity' ? mayNotSend : (held & holdBit[reason]) !== 0,
  );
}
