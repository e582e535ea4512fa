// Secrets that stand elsewhere than in the file: read when the configuration is carried out, not when it is judged.

import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigError } from './find.ts';
import type { secret } from './values.ts';

export function readSecret(
  value: z.output<typeof secret>,
  path: (relative: string) => string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (typeof value === 'string') return value;
  if ('env' in value) {
    const found = environment[value.env];
    if (found === undefined || found === '')
      throw new ConfigError([`the environment variable ${value.env} is not set`]);
    return found;
  }
  try {
    return readFileSync(path(value.file), 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new ConfigError([`${value.file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
