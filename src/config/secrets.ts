// Secrets that stand elsewhere than in the file: read when the configuration is carried out, not when it is judged.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { z } from 'zod';
import { unreadable } from './unreadable.ts';
import { readPlainText } from '../base/plain-text.ts';
import { ConfigError } from './find.ts';
import type { secret } from './values.ts';

/** Bits of the mode of a file that let everybody at it. */
const OTHERS = 0o007;

/** Throws `ConfigError` if it is not there, can't be read, or can be read by everybody. */
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
  const text = readPlainText(privateOctets(value.file, path));
  if (!text.ok) throw new ConfigError([`${value.file}: ${text.error}`]);
  return text.value.replace(/\r?\n$/, '');
}

function privateOctets(name: string, path: (relative: string) => string): Uint8Array {
  const file = path(name);
  try {
    const descriptor = openSync(file, 'r');
    try {
      if (isOpenToAll(fstatSync(descriptor)))
        throw new ConfigError([
          `${file}: it is readable by everybody: chmod o= it, or mount it with a mode that ends with 0 (docs/OPERATING.md, Secrets in containers)`,
        ]);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${name}: ${unreadable(error)}`]);
  }
}

/** What is secret in it is everybody's. */
export const isOpenToAll = ({ mode }: { readonly mode: number }): boolean => (mode & OTHERS) !== 0;
