// Runs work that nobody waits for so that its faults stay apart (`side-work.ts`): a piece that fails is tried again later, later each time, and its cause is told.

import { causeInWords } from '../base/failure-words.ts';
import type { Clock } from '../platform/platform.ts';
import type { SideWork, SideWorkNotice, SideWorks } from './side-work.ts';

/** Doubles with each failure, ms. */
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 60_000;
const TOLD_EACH_MS = 60_000;

interface Failing {
  failures: number;
  /** One after the other. */
  inRow: number;
  because: string | undefined;
  /** Monotonic, ms. */
  againAt: number;
  toldAt: number;
}

export interface Apart {
  /** What the piece gives; `instead` if it fails, or if it is too early for it to be tried again. Rejects with what `isOver`. */
  run<T>(work: SideWork, instead: T, piece: () => Promise<T>): Promise<T>;
  readonly figures: SideWorks;
}

export interface ApartOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** After this error nothing can be tried again here. */
  isOver(error: unknown): boolean;
  tell(notice: SideWorkNotice): void;
}

export function createApart({ clock, isOver, tell }: ApartOptions): Apart {
  const all = new Map<SideWork, Failing>();

  function failed(work: SideWork, error: unknown): void {
    const now = clock.monotonic();
    const its = all.get(work) ?? {
      ...{ failures: 0, inRow: 0, because: undefined, againAt: -Infinity, toldAt: -Infinity },
    };
    all.set(work, its);
    its.failures += 1;
    its.inRow += 1;
    its.because = causeInWords(error);
    its.againAt = now + Math.min(AGAIN_MS_MAX, AGAIN_MS * 2 ** (its.inRow - 1));
    if (now - its.toldAt < TOLD_EACH_MS) return;
    its.toldAt = now;
    tell({ type: 'sideWork', work, because: its.because });
  }

  function done(work: SideWork, its: Failing): void {
    if (its.because === undefined) return;
    Object.assign(its, { inRow: 0, because: undefined, againAt: -Infinity, toldAt: -Infinity });
    tell({ type: 'sideWork', work });
  }

  return {
    async run(work, instead, piece) {
      const its = all.get(work);
      if (its !== undefined && clock.monotonic() < its.againAt) return instead;
      try {
        const given = await piece();
        if (its !== undefined) done(work, its);
        return given;
      } catch (error) {
        if (isOver(error)) throw error;
        failed(work, error);
        return instead;
      }
    },
    get figures() {
      return Object.fromEntries(
        [...all].map(([work, { failures, because }]) => [
          work,
          { failures, ...(because === undefined ? {} : { because }) },
        ]),
      );
    },
  };
}
