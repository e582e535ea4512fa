// The user's own file for `postern send`: where it is looked for, what may stand in it, and who may have written it. Read by hand instead of by
// the schema of the server's configuration: a start of this command must cost next to nothing.

import { open, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseDuration } from '../base/duration.ts';
import { reasonInWords } from '../base/failure-words.ts';
import { parseSize } from '../base/size.ts';
import { EX } from '../base/sysexits.ts';
import { nearest } from '../config/nearest.ts';
import { parsePlainYaml } from '../config/plain-yaml.ts';
import { homeDirectory } from '../platform/own-user.ts';
import { SendFailure } from './failure.ts';

export interface SendConfig {
  /** Undefined: there is no file, and this is what holds without one. */
  readonly file: string | undefined;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: 'implicit' | 'starttls';
  /** Of the account: sender where the message names none, and what the server is looked for by. */
  readonly address?: string;
  readonly login?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
  /** Display name. */
  readonly name?: string;
  /** For names without a domain. */
  readonly domain?: string;
  /** A name without a domain, or an address, to addresses; `*` for every other name without a domain. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** File of authorities, PEM. */
  readonly ca?: string;
  readonly queue: 'off' | 'offline' | 'always';
  readonly queueDirectory?: string;
  /** Not of the file: why the server of this host can't say `address` now. */
  readonly unknownYet?: string;
  /** Not of the file: in the place of `address` in what is queued meanwhile. */
  readonly standIn?: string;
  /** Milliseconds after which unsent mail is given up. */
  readonly queueExpire: number;
  /** Of the server on this host. */
  readonly socket?: string;
  /** Octets. */
  readonly sizeMax: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const FILE_OCTETS_MAX = 256 * 1024;
const SIZE_MAX = 100 * 1024 * 1024;
const MINUTE_MS = 60_000;
/** As long as servers try (RFC 5321 section 4.5.4.1). */
const EXPIRE_MS = 5 * 24 * 60 * MINUTE_MS;
const SYSTEM_FILE = '/etc/postern/send.yaml';
const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_OTHERS = 0o077;

const texts = ['host', 'address', 'login', 'name', 'domain', 'password', 'passwordCommand'] as const;
const paths = ['passwordFile', 'ca', 'queueDirectory', 'socket'] as const;
const keys = [...texts, ...paths, 'port', 'tls', 'aliases', 'queue', 'queueExpire', 'sizeMax'];

export function sendConfigPlaces(environment: Environment): readonly string[] {
  const xdg = environment['XDG_CONFIG_HOME'];
  const home = homeDirectory();
  const own =
    xdg !== undefined && isAbsolute(xdg) ? xdg : home === undefined ? undefined : join(home, '.config');
  return [...(own === undefined ? [] : [join(own, 'postern/send.yaml')]), SYSTEM_FILE];
}

/** The named file, `$POSTERN_SEND_CONFIG`, or the first of the usual places that there is. Rejects with `SendFailure` EX_CONFIG. */
export async function loadSendConfig(
  named: string | undefined,
  environment: Environment,
): Promise<SendConfig> {
  const chosen = named ?? environment['POSTERN_SEND_CONFIG'];
  for (const place of chosen === undefined ? sendConfigPlaces(environment) : [resolve(chosen)]) {
    const found = await readOwnFile(place, chosen !== undefined);
    if (found !== undefined) return parseSendConfig(found.text, place, found.mode);
    if (chosen !== undefined) throw new SendFailure(EX.CONFIG, `${place}: there is no such file`);
  }
  return { file: undefined, aliases: new Map(), queue: 'off', queueExpire: EXPIRE_MS, sizeMax: SIZE_MAX };
}

/** It may name a command: so only its reader and root may have written it. */
async function readOwnFile(
  path: string,
  isNamed: boolean,
): Promise<{ readonly text: string; readonly mode: number } | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // The home of another user, or a directory of the server's: whether there is a file is not for us to know.
    if (code === 'EACCES' && !isNamed && (await stat(path).catch(() => undefined)) === undefined)
      return undefined;
    throw new SendFailure(EX.CONFIG, `${path}: ${reasonInWords(error)}`);
  }
  try {
    const { uid, mode, size } = await file.stat();
    if (uid !== 0 && uid !== process.getuid?.())
      throw new SendFailure(EX.CONFIG, `${path} belongs to another user: it must be yours or root's`);
    if ((mode & WRITABLE_BY_OTHERS) !== 0 && process.platform !== 'win32')
      throw new SendFailure(EX.CONFIG, `${path} can be written by others: chmod go-w ${path}`);
    if (size > FILE_OCTETS_MAX)
      throw new SendFailure(EX.CONFIG, `${path} is larger than ${FILE_OCTETS_MAX} octets`);
    return { text: await file.readFile('utf8'), mode };
  } finally {
    await file.close();
  }
}

export async function parseSendConfig(text: string, file: string, mode: number): Promise<SendConfig> {
  const given = await readYaml(text, file);
  const fail = (message: string): never => {
    throw new SendFailure(EX.CONFIG, `${file}: ${message}`);
  };
  for (const key of Object.keys(given)) {
    if (keys.includes(key)) continue;
    const near = nearest(key, keys);
    fail(`unknown key "${key}"${near === undefined ? '' : `: did you mean "${near}"?`}`);
  }
  const config: { -readonly [Key in keyof SendConfig]: SendConfig[Key] } = {
    ...{ file, aliases: aliasesOf(given['aliases'], fail), queue: 'off' },
    ...{ queueExpire: EXPIRE_MS, sizeMax: SIZE_MAX },
  };
  for (const key of [...texts, ...paths]) {
    const value = given[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value === '') return fail(`${key} must be text`);
    config[key] = (paths as readonly string[]).includes(key) ? pathFrom(file, value) : value;
  }
  const { port, tls, queue, queueExpire, sizeMax } = given;
  if (port !== undefined) config.port = isPort(port) ? port : fail('port must be a number from 1 to 65535');
  if (tls !== undefined)
    config.tls = tls === 'implicit' || tls === 'starttls' ? tls : fail('tls must be implicit or starttls');
  if (queue !== undefined)
    config.queue =
      queue === 'off' || queue === 'offline' || queue === 'always'
        ? queue
        : fail('queue must be off, offline or always');
  if (queueExpire !== undefined)
    config.queueExpire =
      expiryIn(queueExpire) ??
      fail('queueExpire must be a duration of a minute at least with its unit, such as 5d');
  if (sizeMax !== undefined)
    config.sizeMax =
      (typeof sizeMax === 'string' ? parseSize(sizeMax) : undefined) ??
      fail('sizeMax must be a size with its unit, such as 25MiB');
  const secrets = [config.password, config.passwordFile, config.passwordCommand];
  if (secrets.filter((one) => one !== undefined).length > 1)
    fail('use one of password, passwordFile and passwordCommand');
  if (config.password !== undefined && (mode & READABLE_BY_OTHERS) !== 0 && process.platform !== 'win32')
    fail(`it holds a password and others may read it: chmod 600 ${file}`);
  return config;
}

function expiryIn(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms !== undefined && ms >= MINUTE_MS ? ms : undefined;
}

async function readYaml(text: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  const plain = parsePlainYaml(text);
  if (plain !== undefined) return plain;
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    const line = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new SendFailure(EX.CONFIG, `${file}: ${line.replace(/:$/, '')}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SendFailure(EX.CONFIG, `${file}: it must be a list of keys with values, such as host: …`);
  return { ...value };
}

function aliasesOf(given: unknown, fail: (message: string) => never): ReadonlyMap<string, readonly string[]> {
  if (given === undefined || given === null) return new Map();
  if (typeof given !== 'object' || Array.isArray(given)) return fail('aliases must be names with addresses');
  const read = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(given)) {
    const addresses: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!addresses.every((one): one is string => typeof one === 'string' && one.includes('@')))
      return fail(`aliases.${name} must be a mail address, or a list of some`);
    read.set(name.toLowerCase(), addresses);
  }
  return read;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** `~/` is the home directory; what is relative is so to the file. */
function pathFrom(file: string, path: string): string {
  if (!path.startsWith('~/')) return resolve(dirname(file), path);
  const home = homeDirectory();
  if (home !== undefined) return join(home, path.slice(2));
  throw new SendFailure(
    EX.CONFIG,
    `${file}: ${path}: this user has no home directory, so write the whole path`,
  );
}
