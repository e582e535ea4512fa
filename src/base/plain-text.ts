// Text of a file that somebody wrote with an editor. A password that is read in another encoding than it was written in is another password, and
// nobody sees why it is refused: so what is no plain UTF-8 is an error with its reason.

import { utf8Text } from './bytes.ts';
import { err, ok, type Result } from './result.ts';

/** The text, or what is wrong with it, to be put after the name of the file. */
export function readPlainText(bytes: Uint8Array): Result<string, string> {
  const start = Buffer.from(bytes.subarray(0, 3)).toString('hex');
  if (start.startsWith('fffe') || start.startsWith('feff'))
    return err('it is written in UTF-16: save it as UTF-8');
  if (start === 'efbbbf') return err('it begins with a byte order mark: save it as UTF-8 without one');
  const text = utf8Text(bytes);
  return text === undefined ? err('it is no valid UTF-8: save it as UTF-8') : ok(text);
}
