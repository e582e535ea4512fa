// How the C library keeps memory, which is told by the environment alone: so the process puts itself anew in its own place, once, before it
// has begun anything. Few heaps for all threads: buffers are made in one thread and freed in another here, and glibc keeps an arena for
// each thread, with what others have freed in it; that cost a third of the memory under load. But with one alone front and store wait for
// each other at it, which cost a tenth of the processor time. And large pages for it, where the kernel has them: fewer look-ups of
// addresses.

import { availableParallelism } from 'node:os';

const SETTINGS = {
  MALLOC_ARENA_MAX: String(Math.max(2, Math.ceil(availableParallelism() / 2))),
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
} as const;

/** Comes back only if there is nothing to do. A value that is set already is left as it is. */
export function tuneAllocator(): void {
  const { env, execve, execPath, execArgv, argv, platform } = process;
  if (platform !== 'linux' || execve === undefined || env['MALLOC_ARENA_MAX'] !== undefined) return;
  // Standard error says nothing of the experimental call: it is not of interest to who reads the log.
  const silenced = process.listeners('warning');
  process.removeAllListeners('warning');
  try {
    execve.call(process, execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...SETTINGS, ...env });
  } catch {
    // The server works as well without; it only takes more memory.
    for (const listener of silenced) process.on('warning', listener);
  }
}
