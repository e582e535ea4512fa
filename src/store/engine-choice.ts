// Which engine a configuration chooses, and for which node: as plain data, because it crosses into threads. Its secrets are read here.

import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { err, ok, type Result } from '../base/result.ts';
import { ConfigError } from '../config/find.ts';
import type { LoadedConfig } from '../config/load.ts';
import { readNamed, underKey } from '../config/named-file.ts';
import { isOpenToAll, readSecret } from '../config/secrets.ts';
import { isHere, type PostgresPlace, postgresPlace } from '../config/store.ts';
import { nodeName } from '../config/values.ts';
import { ONLY_NODE } from './owner.ts';
import type { PostgresServer } from './postgres/connection.ts';

export type EngineChoice =
  | { readonly engine: 'sqlite'; readonly directory: string }
  | {
      readonly engine: 'postgres';
      /** The node's own. */
      readonly directory: string;
      readonly node: string;
      readonly server: PostgresServer;
    };

/** Where a store is kept: as much of a choice as a copy needs. */
export type StorePlace =
  | Extract<EngineChoice, { readonly engine: 'sqlite' }>
  | Pick<Extract<EngineChoice, { readonly engine: 'postgres' }>, 'engine' | 'server'>;

const KEY = 'store.postgres';

interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly machineName: string;
}

/** Throws `ConfigError` if a file or a variable that it names can't be read. */
export function engineOf(
  { config, file, path }: Pick<LoadedConfig, 'config' | 'file' | 'path'>,
  { environment, machineName }: Surroundings = { environment: process.env, machineName: hostname() },
): EngineChoice {
  const directory = path(config.data);
  if (config.store === 'embedded') return engineIn(directory);
  const place = postgresPlace(config.store.postgres);
  if (!place.ok)
    throw new ConfigError(place.error.map(({ path: key, message }) => `${key.join('.')}: ${message}`));
  return {
    ...{ engine: 'postgres', directory, node: config.node ?? nodeNamed(machineName) },
    server: serverAt(place.value, { file, path }, environment),
  };
}

/** What a data directory holds. */
export function engineIn(directory: string): EngineChoice {
  return { engine: 'sqlite', directory };
}

/** Where the password of a place that a command line names is looked for, as programs of PostgreSQL do. */
const PASSWORD_VARIABLE = 'PGPASSWORD';

/** As a command line names it: `sqlite:DIR`, or the URL of a PostgreSQL. Throws `ConfigError` if the file of a certificate can't be read. */
export function placeNamed(
  written: string,
  environment: Surroundings['environment'] = process.env,
): Result<StorePlace> {
  const [, directory] = /^sqlite:(.+)$/s.exec(written) ?? [];
  if (directory !== undefined) return ok(engineIn(resolve(directory)));
  if (!/^postgres(?:ql)?:/.test(written))
    return err('write sqlite:DIRECTORY or postgres://USER@HOST:PORT/DATABASE');
  const place = postgresPlace(written);
  if (!place.ok) return err(place.error.map(({ message }) => message).join('; '));
  if (place.value.password !== undefined)
    return err(
      `others on this machine can read the password of a command line: put it into ${PASSWORD_VARIABLE}, or write this store into a configuration and leave the option out`,
    );
  const server = serverAt(place.value, { file: '', path: resolve }, environment);
  const password = environment[PASSWORD_VARIABLE];
  return ok({ engine: 'postgres', server: password === undefined ? server : { ...server, password } });
}

/** By which the owners of its leases begin. */
export function nodeOf(choice: EngineChoice): string {
  return choice.engine === 'postgres' ? choice.node : ONLY_NODE;
}

/** Several nodes may write it. */
export function isShared({ engine }: EngineChoice): boolean {
  return engine === 'postgres';
}

/** Of the configuration: what says where the store is. */
export function keyOfStore(choice: EngineChoice): 'data' | 'store' {
  return choice.engine === 'postgres' ? 'store' : 'data';
}

/** In words, without secrets: the engine, its place, and who shares it. */
export function choiceInWords(choice: EngineChoice): string {
  const place = storeInWords(choice);
  return choice.engine === 'sqlite'
    ? `embedded, in ${place}`
    : `${place}, of which this is node ${choice.node}`;
}

/** Its place, in words, without secrets. */
export function storeInWords(choice: StorePlace): string {
  if (choice.engine === 'sqlite') return choice.directory;
  const { hosts, database } = choice.server;
  const where = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return `database ${database} of PostgreSQL at ${where.join(', ')}`;
}

/** Undefined: nothing of it can be read on its way there. */
export function clearTextWarning(choice: StorePlace): string | undefined {
  if (choice.engine === 'sqlite' || choice.server.tls !== undefined) return undefined;
  const far = choice.server.hosts.find(({ host }) => !isHere(host));
  return far === undefined
    ? undefined
    : `${KEY}: TLS is off, and ${far.host} is another machine: mail and the hashes of passwords go there in clear`;
}

/** Two machines of one name would take each other's mail. */
function nodeNamed(machineName: string): string {
  const name = nodeName.safeParse(machineName);
  if (name.success && machineName !== 'localhost') return name.data;
  throw new ConfigError([
    `node: this machine is called "${machineName}", which names no node: give it one, \`node: mail1\``,
  ]);
}

function serverAt(
  { hosts, database, user, password, durability, tls, ca }: PostgresPlace,
  { file, path }: Pick<LoadedConfig, 'file' | 'path'>,
  environment: Surroundings['environment'],
): PostgresServer {
  return {
    ...{ hosts, database, user },
    ...(durability === 'replicated' ? { isReplicated: true } : {}),
    ...(password === undefined
      ? {}
      : {
          password: underKey(`${KEY}.password`, () => {
            if (typeof password === 'string') assertPrivate(file);
            return readSecret(password, path, environment);
          }),
        }),
    ...(tls === 'off'
      ? {}
      : { tls: { mode: tls, ...(ca === undefined ? {} : { ca: readNamed(`${KEY}.ca`, path(ca)) }) } }),
  };
}

function assertPrivate(file: string): void {
  if (!isOpenToAll(statSync(file))) return;
  throw new ConfigError([
    `it stands in ${file}, which is readable by everybody: chmod o= it, or write the password as { file: PATH } or { env: NAME } beside \`hosts:\``,
  ]);
}
