// A directory for servers that PostgreSQL's user runs. They end, and it goes, with the test or with the process of the test, however that ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asWhom } from '../postgres/binaries.ts';

export interface ServersDirectory extends AsyncDisposable {
  readonly path: string;
}

/**
 * $1: the directory. Whom a file of it names may be gone, and another process have its number: only what has the directory in its command line is ended. First those
 * that would start others; PostgreSQL ends its children itself. A stopped process hears of its end when it goes on.
 */
const WATCHER = `
cat
runs() { grep -qsF "$1/" "/proc/$2/cmdline"; }
for file in "$1"/*.pid; do
  pid=$(cat "$file" 2>/dev/null) && runs "$1" "$pid" && kill -KILL "$pid"
done
for file in "$1"/data/postmaster.pid "$1"/*/data/postmaster.pid; do
  while pid=$(head -n 1 "$file" 2>/dev/null) && runs "$1" "$pid" && kill -QUIT "$pid"; do
    kill -CONT "$pid"
    sleep 0.1
  done
done
until rm -rf "$1"; do sleep 0.1; done
`;

/** Servers have PostgreSQL's data in `data` or `NAME/data`; of others `NAME.pid` holds the process. */
export function openServersDirectory(prefix: string): ServersDirectory {
  const path = mkdtempSync(join(tmpdir(), prefix));
  if (asWhom.uid !== undefined && asWhom.gid !== undefined) chownSync(path, asWhom.uid, asWhom.gid);
  const watcher = spawn('sh', ['-c', WATCHER, 'sh', path], {
    ...{ ...asWhom, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      const gone = once(watcher, 'exit');
      watcher.stdin.end();
      await gone;
    },
  };
}
