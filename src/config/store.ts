// Data: the key `store:`, and where PostgreSQL is by it. A URL and a group of keys say the same; secrets stay as they are written.

import { z } from 'zod';
import { isIP } from '../base/network.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from './unsafe.ts';
import { count, secret } from './values.ts';

const PORT = 5432;
const NAME = 'postern';
/** NAMEDATALEN of PostgreSQL, less its end. */
const NAME_LENGTH_MAX = 63;

const postgresGroup = z.strictObject({
  hosts: z.array(z.string().min(1).max(255)).min(1).max(10).meta({
    description:
      '`HOST` or `HOST:PORT`, or the directory of a Unix socket (`/run/postgresql`); the first that takes writes is used.',
  }),
  port: count(1, 65535).prefault(PORT).meta({ description: 'TCP port of hosts that name none.' }),
  database: z
    .string()
    .min(1)
    .max(NAME_LENGTH_MAX)
    .prefault(NAME)
    .meta({ description: 'Name of the database. The first start makes the tables.' }),
  user: z.string().min(1).max(NAME_LENGTH_MAX).prefault(NAME).meta({ description: 'Who logs in there.' }),
  password: secret.optional().meta({
    description:
      'A text, `{ file: PATH }` or `{ env: NAME }`, read at the start. Whatever file it stands in must not be readable by everybody.',
  }),
  tls: z.enum(['off', 'require', 'verify']).optional().meta({
    description:
      '`verify`: its certificate must be valid for the name. `require`: TLS, whatever the certificate. `off`: in clear. Without it: `off` if all hosts are this machine, else `verify`.',
  }),
  durability: z.enum(['local', 'replicated']).prefault('local').meta({
    description:
      '`local`: 250 means synced on the server. `replicated`: on a standby too; without a synchronous one nothing is accepted (451). See docs/OPERATING.md.',
  }),
  ca: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "PEM file of authorities to trust in place of the system's; for `verify`." }),
});

export const storeChoice = z.union([
  z.literal('embedded'),
  z.strictObject({
    postgres: z.union([z.string().min(1).max(2000), postgresGroup]).meta({
      description:
        'A database that other nodes may share: a URL `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`, or a group.',
    }),
  }),
]);

type Secret = z.output<typeof secret>;
type Group = z.output<typeof postgresGroup>;

export interface PostgresPlace {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly user: string;
  readonly password?: Secret | undefined;
  readonly tls: NonNullable<Group['tls']>;
  readonly durability: Group['durability'];
  /** A file. */
  readonly ca?: string | undefined;
}

const KEY = ['store', 'postgres'];

type PathOf = (...keys: readonly (string | number)[]) => Finding['path'];

/** What is wrong is said without the URL: it may hold a password. */
export function postgresPlace(written: string | Group): Result<PostgresPlace, readonly Finding[]> {
  if (typeof written !== 'string') return placeOf(written, (...keys) => [...KEY, ...keys]);
  const group = groupOfUrl(written);
  return group.ok ? placeOf(group.value, () => KEY) : err([{ path: KEY, message: group.error }]);
}

function placeOf(group: Group, path: PathOf): Result<PostgresPlace, readonly Finding[]> {
  const { database, user, password, durability, ca } = group;
  const findings: Finding[] = [];
  const hosts = group.hosts.flatMap((text, at) => {
    const address = addressOf(text, group.port);
    if (address === undefined)
      findings.push({
        path: path('hosts', at),
        message: `"${text}" is no HOST, HOST:PORT or directory of a socket`,
      });
    return address ?? [];
  });
  const tls = group.tls ?? (hosts.every(({ host }) => isHere(host)) ? 'off' : 'verify');
  if (tls !== 'off' && hosts.some(({ host }) => isSocket(host)))
    findings.push({
      path: path('tls'),
      message: 'a Unix socket has no TLS: use `off`, or reach every host over the network',
    });
  if (ca !== undefined && tls !== 'verify')
    findings.push({ path: path('ca'), message: `with TLS \`${tls}\` no authority is asked: use \`verify\`` });
  return findings.length === 0 ? ok({ hosts, database, user, password, durability, tls, ca }) : err(findings);
}

export function storeFindings(store: z.output<typeof storeChoice>): readonly Finding[] {
  if (store === 'embedded') return [];
  const place = postgresPlace(store.postgres);
  return place.ok ? [] : place.error;
}

const isSocket = (host: string): boolean => host.startsWith('/');

/** It needs no network to get there. */
export const isHere = (host: string): boolean =>
  isSocket(host) || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Undefined: it is none. */
function addressOf(text: string, portOfAll: number): PostgresPlace['hosts'][number] | undefined {
  if (isSocket(text) || isIP(text) === 6) return { host: text, port: portOfAll };
  const [, inBrackets, plain = '', own] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isHost =
    inBrackets === undefined ? /^[a-z\d](?:[\w.-]*[a-z\d])?$/i.test(plain) : isIP(inBrackets) === 6;
  const port = own === undefined ? portOfAll : Number(own);
  return isHost && port >= 1 && port <= 65_535 ? { host: inBrackets ?? plain, port } : undefined;
}

/** As libpq names them. */
const sslModes: Readonly<Record<string, PostgresPlace['tls']>> = {
  disable: 'off',
  require: 'require',
  'verify-full': 'verify',
};

const FORM =
  'write postgres://USER@HOST:PORT/DATABASE, with @ / ? # : % in a name or password as %40 %2F %3F %23 %3A %25, or a group with `hosts:`';

function groupOfUrl(text: string): Result<Group> {
  const url = URL.parse(text);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hash !== '')
    return err(`it is no URL of a PostgreSQL; ${FORM}`);
  const [user, password, host, database] = [
    url.username,
    url.password,
    url.hostname,
    url.pathname.replace(/^\//, ''),
  ].map(decoded);
  if (user === undefined || password === undefined || host === undefined || database === undefined)
    return err(`it has a % that stands for nothing; ${FORM}`);
  const {
    sslmode,
    sslrootcert,
    durability = 'local',
    host: socket = host,
    ...unknown
  } = Object.fromEntries(url.searchParams) as Readonly<Record<string, string | undefined>>;
  const [first] = Object.keys(unknown);
  if (first !== undefined)
    return err(
      'of what may follow a ? only `host`, `sslmode`, `sslrootcert` and `durability` are known here',
    );
  if (sslmode !== undefined && !Object.hasOwn(sslModes, sslmode))
    return err(`\`sslmode\` must be one of ${Object.keys(sslModes).join(', ')}`);
  if (durability !== 'local' && durability !== 'replicated')
    return err('`durability` must be one of local, replicated');
  if (socket === '' || database.includes('/')) return err(`it names no host, or no database; ${FORM}`);
  return ok({
    hosts: [socket],
    durability,
    port: url.port === '' ? PORT : Number(url.port),
    database: database === '' ? NAME : database,
    user: user === '' ? NAME : user,
    ...(password === '' ? {} : { password }),
    ...(sslmode === undefined ? {} : { tls: sslModes[sslmode] }),
    ...(sslrootcert === undefined ? {} : { ca: sslrootcert }),
  });
}

/** Undefined: a `%` begins no octets of UTF-8. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
