// A small file system of its own under a data directory: it can be filled, emptied, and made read-only while a server works on it.

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lacking } from './server.ts';

const BLOCK_OCTETS = 64 * 1024;

export interface SmallDisk {
  free(): number;
  /** Fills it by a file until about this many octets are free; fills more if called again. */
  fill(leaveOctets: number): void;
  /** Removes the filling. */
  empty(): void;
  remount(how: 'ro' | 'rw'): void;
  unmount(): void;
}

/** The reason why file systems can't be mounted here, or false. */
export function noMount(): string | false {
  const directory = mkdtempSync(join(tmpdir(), 'postern-mount-'));
  const tried = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], {
    encoding: 'utf8',
  });
  if (tried.status === 0) spawnSync('umount', [directory]);
  rmSync(directory, { recursive: true, force: true });
  return tried.status === 0 ? false : `a file system can't be mounted here: ${tried.stderr.trim()}`;
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

const mount = (...args: readonly string[]): void => run('mount', ...args);

export function mountSmallDisk(directory: string, mebioctets: number): SmallDisk {
  mkdirSync(directory, { recursive: true });
  mount('-t', 'tmpfs', '-o', `size=${mebioctets}m,mode=0700`, 'tmpfs', directory);
  const filler = join(directory, 'filler');
  const free = (): number => {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  };
  return {
    free,
    fill(leaveOctets) {
      const file = openSync(filler, 'a');
      try {
        while (free() > leaveOctets)
          writeSync(file, Buffer.alloc(Math.min(BLOCK_OCTETS, free() - leaveOctets)));
      } catch (error) {
        // Somebody else was quicker.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    remount: (how) => mount('-o', `remount,${how}`, directory),
    unmount: () => run('umount', '-l', directory),
  };
}

export interface BreakableDisk {
  /** The file system finds an error in itself and becomes read-only, as `errors=remount-ro` says. */
  breakDown(): void;
  /** What an operator does, with the server stopped: unmount, fsck, mount. */
  repair(): void;
  unmount(): void;
}

/** The reason why a file system that can break can't be made here, or false. */
export function noBreakable(): string | false {
  const missing = noMount() || lacking('mkfs.ext4', 'e2fsck', 'losetup');
  if (missing !== false) return missing;
  return existsSync('/dev/loop-control') ? false : 'there are no loop devices here';
}

/** An ext4 in a file, on a loop device, at `name` in `directory`. */
export function mountBreakable(directory: string, name: string, mebioctets: number): BreakableDisk {
  const [image, at] = [join(directory, `${name}.img`), join(directory, name)];
  writeFileSync(image, '');
  truncateSync(image, mebioctets * 1024 * 1024);
  run('mkfs.ext4', '-q', image);
  mkdirSync(at);
  const mountIt = (): void => mount('-o', 'loop,errors=remount-ro', image, at);
  mountIt();
  return {
    breakDown() {
      const mounts = readFileSync('/proc/mounts', 'latin1');
      const device =
        mounts
          .split('\n')
          .find((line) => line.split(' ')[1] === at)
          ?.split(' ', 1)[0] ?? '';
      writeFileSync(`/sys/fs/ext4/${device.replace('/dev/', '')}/trigger_fs_error`, '1');
    },
    repair() {
      run('umount', at);
      // 1: errors were corrected.
      const { status, stdout } = spawnSync('e2fsck', ['-fy', image], { encoding: 'utf8' });
      if (status === null || status > 1) throw new Error(`e2fsck: ${stdout}`);
      mountIt();
    },
    unmount: () => run('umount', '-l', at),
  };
}
