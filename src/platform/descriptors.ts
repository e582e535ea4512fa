// How many descriptors (sockets, files) this process may have open, and how many it has. Linux tells both in /proc; elsewhere nobody knows.

import { readdirSync, readFileSync } from 'node:fs';

/** RLIMIT_NOFILE; undefined: there is none, or it is not known. Node raises the soft limit to the hard one when it starts. */
export function descriptorLimit(): number | undefined {
  try {
    return readLimit(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined;
  }
}

/** From the text of /proc/PID/limits. */
export function readLimit(text: string): number | undefined {
  const soft = /^Max open files +(\d+|unlimited) /m.exec(text)?.[1];
  return soft === undefined || soft === 'unlimited' ? undefined : Number(soft);
}

export function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

export const descriptors = { limit: descriptorLimit, open: openDescriptors };
