// What the store thread tells over its lines, unasked.

import type { Namesake } from '../store/engine.ts';
import type { LeaseNotice } from '../store/holder.ts';
import type { Incarnation } from '../store/owner.ts';
import type { StoreNotice } from '../store/port.ts';
import type { SideWorkNotice } from '../store/side-work.ts';

export type StoreThreadNotice =
  | StoreNotice
  | LeaseNotice
  /** From lives that were gone; what they held is due. */
  | { readonly type: 'tookOver'; readonly lives: readonly Incarnation[] }
  | SideWorkNotice
  /** Why nothing can be accepted; absent: it can again. */
  | { readonly type: 'unfit'; readonly because?: string }
  /** Another has the name of this node: it holds no lease until that one is over. */
  | { readonly type: 'nameTaken'; readonly by: Namesake }
  /** The clock of this node has gone off that of the store, or is right again. */
  | { readonly type: 'clockOff'; readonly aheadMs: number; readonly isOff: boolean }
  /** Somebody has to look at the store; it goes on. */
  | { readonly type: 'warning'; readonly because: string };
