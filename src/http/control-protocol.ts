// What both ends of the control socket know. Apart from the server's end, because a command that only asks need not load that.

/** In the data directory. */
export const CONTROL_SOCKET = 'control.sock';

export interface ReloadResult {
  readonly problems: readonly string[];
  /** Keys that changed and count after a restart only. */
  readonly needsRestart: readonly string[];
}
