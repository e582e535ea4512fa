// Looking up DNS records by name and type, at the system's resolver or one that is named. An answer tells apart what is not there from what
// could not be asked; records are plain text in the form of a zone file's data.

import { Resolver } from 'node:dns/promises';

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'SRV' | 'TXT' | 'TLSA';

/** `records` is empty if the name or the type is not there. */
export type RecordAnswer =
  | { readonly type: 'answer'; readonly records: readonly string[] }
  | { readonly type: 'failed'; readonly cause: string };

export interface RecordSource {
  lookup(name: string, type: RecordType): Promise<RecordAnswer>;
}

const TRY_MS = 3000;
const TRIES = 2;
const notThere = new Set(['ENOTFOUND', 'ENODATA']);

/** `server`: `IP`, `IP:PORT` or `[IP6]:PORT`; throws if it is none. */
export function systemRecords(server?: string): RecordSource {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  if (server !== undefined) resolver.setServers([server]);
  return {
    async lookup(name, type) {
      try {
        return { type: 'answer', records: await ask(resolver, name, type) };
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        return notThere.has(code) ? { type: 'answer', records: [] } : { type: 'failed', cause: code };
      }
    },
  };
}

async function ask(resolver: Resolver, name: string, type: RecordType): Promise<readonly string[]> {
  switch (type) {
    case 'A':
      return resolver.resolve4(name);
    case 'AAAA':
      return resolver.resolve6(name);
    case 'CNAME':
      return (await resolver.resolveCname(name)).map(absolute);
    case 'MX':
      return (await resolver.resolveMx(name)).map(
        ({ priority, exchange }) => `${priority} ${absolute(exchange)}`,
      );
    case 'SRV':
      return (await resolver.resolveSrv(name)).map(
        (found) => `${found.priority} ${found.weight} ${found.port} ${absolute(found.name)}`,
      );
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    case 'TLSA':
      return (await resolver.resolveTlsa(name)).map(
        (found) =>
          `${found.certUsage} ${found.selector} ${found.match} ${Buffer.from(found.data).toString('hex')}`,
      );
  }
}

function absolute(name: string): string {
  return `${name.toLowerCase().replace(/\.$/, '')}.`;
}
