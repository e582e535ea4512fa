// The store thread: it alone writes (DESIGN 3.3). Whatever the fronts, the desk and main have asked by now is one transaction with
// one fsync; the answers go back when it is durable. When nothing waits it indexes the trail's tail and moves the WAL along.

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { type Line, openLine } from '../platform/line.ts';
import type { Change } from '../store/port.ts';
import { openSqliteWriter } from '../store/sqlite/open.ts';
import type { ThreadGreeting } from './desk-thread.ts';

export interface StoreBirth {
  readonly dataDirectory: string;
  readonly freeSpaceFloor: { readonly share: number; readonly octets: number };
}

export type StoreQuestion = { readonly commit: readonly Change[] } | { readonly backup: string } | { readonly figures: true };
