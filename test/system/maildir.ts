// What a mail server has delivered into a Maildir.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Oldest first; none if there is no such Maildir yet. */
export function newIn(maildir: string): readonly Buffer[] {
  const fresh = join(maildir, 'new');
  try {
    return readdirSync(fresh)
      .sort()
      .map((file) => readFileSync(join(fresh, file)));
  } catch {
    return [];
  }
}
