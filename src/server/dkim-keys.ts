// The DKIM keys that the configuration names: read and judged in main, passed to the fronts as text.

import { readFileSync, statSync } from 'node:fs';
import { unreadable } from '../config/unreadable.ts';
import { ConfigError } from '../config/find.ts';
import type { LoadedConfig } from '../config/load.ts';
import { readDkimKey } from '../message/dkim/key.ts';
import { dkimRecord } from '../message/dkim/record.ts';
import type { PublishedKey } from '../onboarding/dns-records.ts';

export interface DkimKeyPlan {
  readonly domain: string;
  readonly selector: string;
  readonly pem: string;
  readonly required: boolean;
  /** Lower-case names besides the usual ones. */
  readonly headers: readonly string[];
  /** What has to stand in the DNS. */
  readonly record: string;
}

/** Others may not read it, the group may not change it: `0640 root:postern` and `0600` are fine. */
const UNSAFE_MODE = 0o027;

/** Throws `ConfigError` with every key that can not be used. */
export function readDkimKeys({ config, path }: LoadedConfig): readonly DkimKeyPlan[] {
  const problems: string[] = [];
  const keys = config.dkim.flatMap(({ key: file, ...said }, at): readonly DkimKeyPlan[] => {
    try {
      const pem = readFileSync(path(file), 'utf8');
      const { mode } = statSync(path(file));
      if ((mode & UNSAFE_MODE) !== 0)
        throw new Error(`others may read or change it (mode ${(mode & 0o777).toString(8)}): chmod 600`);
      const read = readDkimKey(pem);
      if (!read.ok) throw new Error(read.error);
      return [{ ...said, pem, record: dkimRecord(read.value.key) }];
    } catch (error) {
      problems.push(`dkim.${at}.key: ${file}: ${unreadable(error)}`);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return keys;
}

/** Of one domain, without what signs. Throws `ConfigError`. */
export function publishedKeys(loaded: LoadedConfig, domain: string): readonly PublishedKey[] {
  const { config } = loaded;
  const dkim = config.dkim.filter((key) => key.domain === domain);
  return readDkimKeys({ ...loaded, config: { ...config, dkim } }).map(({ selector, record }) => ({
    ...{ domain, selector, record },
  }));
}
