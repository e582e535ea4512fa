// What an operator has of a store that a database keeps for several nodes: how it is, what its server should be set to, and who may do what.

import { numberOf } from '../base/number-of.ts';
import { roleNames } from '../config/roles.ts';

/** Users that nodes and commands log in as: of each role of a node, and for commands. */
export const storeRoles = [...roleNames, 'admin'] as const;
export type StoreRole = (typeof storeRoles)[number];

export interface StoreStatus {
  /** What the server says of itself. */
  readonly server: string;
  readonly schema: {
    /** Of the tables; 0: there are none. */
    readonly version: number;
    /** What this program knows. */
    readonly known: number;
    /** The oldest that a program must know to work on them. */
    readonly oldestCode: number;
    readonly madeBy?: string;
    readonly owner: string;
  };
  /** Largest first; partitions count with their table. */
  readonly tables: readonly { readonly name: string; readonly octets: number; readonly rows: number }[];
  readonly octets: { readonly database: number; readonly trail: number; readonly queue: number };
  readonly nodes: readonly {
    readonly node: string;
    readonly state: string;
    readonly version?: string;
    readonly leaseLeftMs: number;
  }[];
  /** Who keeps dead rows from being cleared away longest; absent: nobody does. */
  readonly oldestSnapshot?: {
    readonly ageMs: number;
    readonly processId: number;
    readonly user: string;
    readonly application: string;
    readonly state: string;
  };
  /** Absent: we may not look. */
  readonly standbys?: readonly {
    readonly name: string;
    readonly state: string;
    readonly sync: string;
    readonly lagOctets: number;
  }[];
  /** What keeps it from being served as it is, or will, with the way out. */
  readonly missing: readonly string[];
  /** What the totals of the queue are off; absent: there are no tables, or too much is queued to count it for a look. */
  readonly totalsOff?: Recounted;
}

/** By how many messages and deliveries totals of the queue were off, added up over what they are kept for. */
export interface Recounted {
  readonly messages: number;
  readonly deliveries: number;
}

export interface Advice {
  readonly setting: string;
  readonly is: string;
  readonly wanted: string;
  /** It is as wanted. */
  readonly good: boolean;
  readonly because: string;
  /** Absent: nothing is to be done. */
  readonly sql?: string;
}

export function queuedInWords({ messages, deliveries }: Recounted): string {
  return `${numberOf(messages, 'message')} and ${deliveries} ${deliveries === 1 ? 'delivery' : 'deliveries'}`;
}

/** `by`: who acts, for the record that what is changed leaves in the trail. */
export interface StoreOperations {
  status(): Promise<StoreStatus>;
  /** Brings the tables forward, or makes them. Rejects with `StoreTooNew`, and with `ServerUnfit`, which says who may. */
  migrate(o: { readonly by: string }): Promise<{ readonly from: number; readonly to: number }>;
  /** Forgets what is older, and makes what the trail needs next. How many events were forgotten. */
  keep(o: { readonly retentionMs: number; readonly by: string }): Promise<number>;
  /** Counts the queue, and puts its totals right; writers go on. */
  recount(o: { readonly by: string }): Promise<Recounted>;
  /** `nodes`: that are to run, with so many fronts each. */
  advise(plan: { readonly nodes: number; readonly fronts: number }): Promise<readonly Advice[]>;
  /** SQL for users of these names. */
  roles(
    users: Readonly<Partial<Record<StoreRole, string>>>,
  ): Promise<readonly { readonly role: StoreRole; readonly user: string; readonly sql: readonly string[] }[]>;
}
