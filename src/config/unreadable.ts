// Files of the configuration that the server's user must be able to read: keys, certificates, secrets.

import { reasonInWords } from '../base/failure-words.ts';

/** Why a file can't be used, with the way out where it is the rights of the file. */
export function unreadable(error: unknown): string {
  const reason = reasonInWords(error);
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EACCES') return reason;
  const path = 'path' in error ? String(error.path) : 'FILE';
  const [uid, gid] = [process.geteuid?.(), process.getegid?.()];
  return `${reason}: the server's user (uid ${uid}) must be able to read it: chown root:${gid} ${path}; chmod 640 ${path} (and let its group into the directory: chmod g+x)`;
}
