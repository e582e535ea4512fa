// Settings that the C library and libuv take from the environment alone. The program sets them itself, however it was started: the process
// replaces itself (exec), once, before it has begun anything.
//   Memory: few heaps for all threads. Buffers are made in one thread and freed in another here, and glibc keeps an arena for each thread, with what
//   others have freed in it; that cost a third of the memory under load. But with one alone front and store wait for each other at it, which cost a
//   tenth of the processor time. And large pages for it, where the kernel has them: fewer look-ups of addresses.
//   Thread pool: files, passwords and names share it: a slow disk must not hold up log-ins.

import { availableParallelism } from 'node:os';

type Environment = Readonly<Record<string, string | undefined>>;

const THREADS = '8';

/** Variables that are not set yet: the operator's own values stay. */
export function missingSettings(
  environment: Environment,
  platform: string,
): Readonly<Record<string, string>> {
  const settings = {
    UV_THREADPOOL_SIZE: THREADS,
    ...(platform === 'linux'
      ? {
          MALLOC_ARENA_MAX: String(Math.max(2, Math.ceil(availableParallelism() / 2))),
          GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
        }
      : {}),
  };
  return Object.fromEntries(Object.entries(settings).filter(([name]) => environment[name] === undefined));
}

/** Comes back only if there is nothing to do, or it can't be done. */
export function tuneProcess(): void {
  const { env, execve, execPath, execArgv, argv, platform } = process;
  const missing = missingSettings(env, platform);
  if (Object.keys(missing).length === 0) return;
  // Where a process can't be replaced: the pool is made when it is first used.
  process.env['UV_THREADPOOL_SIZE'] ??= THREADS;
  if (execve === undefined) return;
  // Standard error says nothing of the experimental call: it is not of interest to who reads the log.
  const silenced = process.listeners('warning');
  process.removeAllListeners('warning');
  try {
    execve.call(process, execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...missing, ...env });
  } catch {
    // The server works as well without; it only takes more memory.
    for (const listener of silenced) process.on('warning', listener);
  }
}
