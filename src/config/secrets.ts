// Secrets that stand elsewhere than in the file: read when the configuration is carried out, not when it is judged.

import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { unreadable } from './unreadable.ts';
import { readPlainText } from '../base/plain-text.ts';
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
    if (found.includes('\ufffd') || found.startsWith('\ufeff'))
      throw new ConfigError([`the environment variable ${value.env} is no plain UTF-8`]);
    return found;
  }
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path(value.file));
  } catch (error) {
    throw new ConfigError([`${value.file}: ${unreadable(error)}`]);
  }
  const text = readPlainText(bytes);
  if (!text.ok) throw new ConfigError([`${value.file}: ${text.error}`]);
  return text.value.replace(/\r?\n$/, '');
}
