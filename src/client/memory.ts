// What worked last time, for each account: so that the DNS is asked at set-up and when something changed, not on every connection (RFC 6186
// section 6, C-SRV-5). It holds no secret. A memory that can't be read is an empty one.

import { createHash } from 'node:crypto';
import { readSmallFile, replaceSmallFile } from '../platform/small-file.ts';
import type { Candidate } from './server.ts';

export interface Remembered {
  readonly candidate: Candidate;
  /** It was the best one we knew of; else the best is tried again after a day, or in another network. */
  readonly isPreferred: boolean;
  /** When it worked, milliseconds since the epoch. */
  readonly at: number;
  readonly networkPlace: string;
}

/** Where servers are remembered, by account. It may reject: then nothing is remembered. */
export interface DiscoveryMemory {
  recall(account: string): Promise<Remembered | undefined>;
  remember(account: string, what: Remembered): Promise<void>;
  forget(account: string): Promise<void>;
}

const ACCOUNTS_MAX = 200;
const OCTETS_MAX = 1024 * 1024;

/** Lives as long as the process. */
export function processMemory(): DiscoveryMemory {
  const known = new Map<string, Remembered>();
  return {
    recall: (account) => Promise.resolve(known.get(account)),
    async remember(account, what) {
      known.delete(account);
      known.set(account, what);
      for (const oldest of known.keys()) {
        if (known.size <= ACCOUNTS_MAX) break;
        known.delete(oldest);
      }
    },
    async forget(account) {
      known.delete(account);
    },
  };
}

/** A JSON file that several processes may share: the last writer wins. */
export function fileMemory(path: string): DiscoveryMemory {
  async function read(): Promise<Map<string, Remembered>> {
    const text = await readSmallFile(path, OCTETS_MAX).catch(() => undefined);
    return new Map(entriesOf(text).filter((entry) => isRemembered(entry[1])) as [string, Remembered][]);
  }
  async function write(known: ReadonlyMap<string, Remembered>): Promise<void> {
    const text = `${JSON.stringify({ version: 1, servers: Object.fromEntries([...known].slice(-ACCOUNTS_MAX)) }, null, 2)}\n`;
    const mark = `${process.pid}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
    await replaceSmallFile(path, text, mark);
  }
  return {
    recall: async (account) => (await read()).get(account),
    async remember(account, what) {
      const known = await read();
      known.delete(account);
      await write(known.set(account, what));
    },
    async forget(account) {
      const known = await read();
      if (known.delete(account)) await write(known);
    },
  };
}

function entriesOf(text: string | undefined): readonly [string, unknown][] {
  try {
    const read: unknown = JSON.parse(text ?? '{}');
    const servers = typeof read === 'object' && read !== null && 'servers' in read ? read.servers : {};
    return typeof servers === 'object' && servers !== null ? Object.entries(servers) : [];
  } catch {
    return [];
  }
}

/** The file may have been written by another version, or by hand. */
function isRemembered(value: unknown): boolean {
  const { candidate, isPreferred, at, networkPlace } = fieldsOf(value);
  const { host, port, tls, identities, logins } = fieldsOf(candidate);
  const { dns, srv } = fieldsOf(identities);
  return (
    typeof isPreferred === 'boolean' &&
    typeof at === 'number' &&
    typeof networkPlace === 'string' &&
    typeof host === 'string' &&
    Number.isInteger(port) &&
    (tls === 'implicit' || tls === 'starttls') &&
    isTexts(dns) &&
    dns.length > 0 &&
    isTexts(srv) &&
    (logins === undefined || (isTexts(logins) && logins.length > 0))
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
