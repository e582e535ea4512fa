// What an engine does beside the changes it is asked for, and nobody waits for. It fails apart: what somebody waits for goes on, and the work is tried again.

export const sideWorks = ['index', 'counters', 'sweep', 'partitions', 'totals', 'takeover', 'pulse'] as const;
export type SideWork = (typeof sideWorks)[number];

/** In words, as a subject. */
export const sideWorkInWords: Readonly<Record<SideWork, string>> = {
  index: 'the look-up index of the trail',
  counters: 'what other nodes see of sending limits',
  sweep: 'the sweep of what is left over',
  partitions: 'the making of partitions of the trail',
  totals: 'the look at the totals of the queue',
  takeover: 'the takeover from nodes that are gone',
  pulse: 'the pulse that renews the lease',
};

export interface SideWorkFigures {
  /** Tries that failed. */
  readonly failures: number;
  /** Of the last try; absent: it did not fail. */
  readonly because?: string;
}

/** Of those that ever failed. */
export type SideWorks = Readonly<Partial<Record<SideWork, SideWorkFigures>>>;

/** Told when work fails, again once a minute while it does, and when it does no more. */
export interface SideWorkNotice {
  readonly type: 'sideWork';
  readonly work: SideWork;
  /** Absent: it works again. */
  readonly because?: string;
}
