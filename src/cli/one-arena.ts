// One heap of the C library for all threads. Buffers are made in one thread and freed in another here, and glibc keeps an arena for each
// thread, with what others have freed in it: it cost a third of the memory under load. It is told by the environment alone, so the
// process puts itself anew in its own place, once, before it has begun anything.

const NAME = 'MALLOC_ARENA_MAX';

/** Comes back only if there is nothing to do. A value that is set already is left as it is. */
export function useOneArena(): void {
  const { env, execve, execPath, execArgv, argv, platform } = process;
  if (platform !== 'linux' || execve === undefined || env[NAME] !== undefined) return;
  // Standard error says nothing of the experimental call: it is not of interest to who reads the log.
  const silenced = process.listeners('warning');
  process.removeAllListeners('warning');
  try {
    execve.call(process, execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, [NAME]: '1' });
  } catch {
    // The server works as well without; it only takes more memory.
    for (const listener of silenced) process.on('warning', listener);
  }
}
