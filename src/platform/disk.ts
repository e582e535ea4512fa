// What the disk needs beyond files: a directory entry is durable only when its directory was synced (E-Q-7).

import { open } from 'node:fs/promises';

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
