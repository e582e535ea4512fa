// The exit codes of sysexits.h, which service managers and programs that call sendmail know.

export const EX = {
  OK: 0,
  /** The command line is wrong. */
  USAGE: 64,
  /** The message or an address in it is wrong. */
  DATAERR: 65,
  /** A recipient does not exist. */
  NOUSER: 67,
  /** Refused for another reason, or nobody knows: not to be tried again by itself. */
  UNAVAILABLE: 69,
  /** A bug. */
  SOFTWARE: 70,
  /** The system failed us: no space, no permission for the queue. */
  OSERR: 71,
  /** Nothing was accepted: try again later. */
  TEMPFAIL: 75,
  /** No secure session could be made. */
  PROTOCOL: 76,
  /** Login, password or sender were refused. */
  NOPERM: 77,
  /** The configuration is wrong or missing. */
  CONFIG: 78,
} as const;

export type SysExit = (typeof EX)[keyof typeof EX];
