// Where the configuration file is looked for. Apart from reading it (src/config/load.ts): a command that needs little of it need not load that.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

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
    if (existsSync(named)) return resolve(named);
    throw new ConfigError([`${named}: there is no such file`]);
  }
  const found = places.find((place) => existsSync(place));
  if (found === undefined) {
    throw new ConfigError([
      `no configuration: looked for ${places.join(', ')}. Run \`postern init\` to write one, or name yours with -c FILE.`,
    ]);
  }
  return resolve(found);
}
