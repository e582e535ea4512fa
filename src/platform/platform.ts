// The only door to clock, entropy, DNS, network, disk and threads. Everything above takes these ports as
// parameters, so that a simulation can put virtual ones in their place.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never steps back, the same for all threads of a process. */
  monotonic(): number;
  /** Calls back once, not before `delayMs`; the returned function cancels. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface Entropy {
  bytes(length: number): Uint8Array;
}
