// Where the configuration file is looked for. Apart from reading it (src/config/load.ts): a command that needs little of it need not load that.

import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonInWords } from '../base/failure-words.ts';

/** Each line is one problem, ready to be shown. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const places = ['./postern.yaml', './var/postern.yaml', '/etc/postern/postern.yaml'];

/** `-c`, `$POSTERN_CONFIG`, then the usual places. */
export function findConfig(
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const named = option ?? environment['POSTERN_CONFIG'];
  if (named !== undefined) {
    const problem = problemOf(named);
    if (problem === undefined) return resolve(named);
    throw new ConfigError([`${named}: ${problem}`]);
  }
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    // A file that we may not look at may well exist.
    const barred = places.find((place) => problemOf(place) === NOT_PERMITTED);
    if (barred !== undefined) throw new ConfigError([`${barred}: ${NOT_PERMITTED}`]);
    throw new ConfigError([
      `no configuration: looked for ${places.join(', ')}. Run \`postern init\` to write one, or name yours with -c FILE.`,
    ]);
  }
  return resolve(found);
}

const NOT_PERMITTED =
  "not permitted: run this as root or as the server's user, such as `sudo -u postern postern …`";

/** Why it can't be looked at; undefined: it can. */
function problemOf(file: string): string | undefined {
  try {
    return statSync(file).isDirectory() ? 'it is a directory: name the file in it' : undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
    return code === 'EACCES' ? NOT_PERMITTED : reasonInWords(error);
  }
}
