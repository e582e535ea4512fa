// What both ends of the control socket know. Apart from the server's end, because a command that only asks need not load that.

/** In the data directory. */
export const CONTROL_SOCKET = 'control.sock';

/** Look-ups in one request. */
export const LOOKUPS_MAX = 100;

export interface LookupAnswer {
  readonly value?: unknown;
  readonly error?: string;
  readonly name?: string;
}

export interface ReloadResult {
  readonly problems: readonly string[];
  /** Keys that changed and count after a restart only. */
  readonly needsRestart: readonly string[];
}
