// Reading and judging the configuration file. An error names file, line, key, reason and the nearest right key.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { readPlainText } from '../base/plain-text.ts';
import { reasonInWords } from '../base/failure-words.ts';
import { ConfigError } from './find.ts';
import { DATA_DEFAULT } from './read-lite.ts';
import { issueInWords } from './issue-words.ts';
import { type Lines, linesIn } from './lines.ts';
import { nearest } from './nearest.ts';
import type { Role } from './roles.ts';
import { configSchema, type Config } from './schema.ts';
import { type Finding, unsafe } from './unsafe.ts';

export interface LoadedConfig {
  readonly file: string;
  /** Paths in the file are relative to it. */
  readonly directory: string;
  readonly config: Config;
  /** What this process serves of it (`roles.ts`); absent: all. */
  readonly roles?: readonly Role[];
  /** Where values stand in the file; absent: it was not read from one. */
  readonly lines?: Lines;
  /** Keys of which the file says something else than what is in force: it counts after a restart. */
  readonly waiting?: readonly string[];
  path(relative: string): string;
}

export function loadConfig(file: string): LoadedConfig {
  const { config, lines } = parseWithLines(readConfigText(file), file);
  const directory = dirname(file);
  return { file, directory, config, lines, path: (relative) => resolve(directory, relative) };
}

function readConfigText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ConfigError([`${file}: ${reasonInWords(error)}`]);
  }
  const text = readPlainText(bytes);
  if (text.ok) return text.value;
  // A mark in front of YAML is harmless.
  const unmarked = readPlainText(bytes.subarray(MARK_OCTETS));
  if (bytes.toString('hex', 0, MARK_OCTETS) === 'efbbbf' && unmarked.ok) return unmarked.value;
  throw new ConfigError([`${file}: ${text.error}`]);
}

const MARK_OCTETS = 3;

/** Where the data lies, as far as a file tells that may be wrong elsewhere: a running server is found all the same. Throws `ConfigError` if it can't be read. */
export function dataDirectoryIn(file: string): string {
  const text = readConfigText(file);
  const document = parseDocument(text);
  const line = document.errors.length > 0 ? dataLine.exec(text) : null;
  // What is broken further up or down may have swallowed the key, or grown on to it.
  const data: unknown = line === null ? document.get('data') : (line[1] ?? line[2] ?? line[3]);
  return resolve(dirname(file), typeof data === 'string' ? data : DATA_DEFAULT);
}

/** The key on a line of its own, with its value in double quotes, in single ones, or in none. */
const dataLine = /^data:[ \t]+(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"'[\]{}]+))[ \t]*(?:#.*)?$/m;

/** Keys that somebody may look for and that are not there on purpose: why, in words. */
const notBuilt: Readonly<Record<string, string>> = {
  'relay.mx':
    'direct delivery by MX comes with delivery security (DANE, MTA-STS) and is not built yet: use a smarthost',
  relayDomains: 'relaying for other domains on role mx (BCP 134 section 4.1) is not built',
  'listeners.principal':
    'a listener with a named principal per network (BCP 134 section 3.2) is not built: every client authenticates',
  'listeners.auth': 'AUTH on role mx is not built: users submit on 587 and 465',
  'limits.trusted': 'no network is exempt from AUTH (BCP 134 section 3.1, requirements G-1)',
};

export function parseConfig(text: string, file: string): Config {
  return parseWithLines(text, file).config;
}

function parseWithLines(text: string, file: string): { readonly config: Config; readonly lines: Lines } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const place = (path: readonly PropertyKey[]): string => `${file}:${lineOf(document, lines, path)}`;
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(
        ({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${withoutPlace(message)}`,
      ),
    );
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.flatMap((issue) =>
        describe(issue).map((one) => `${place(one.path)}: ${one.message}`),
      ),
    );
  }
  const findings = unsafe(parsed.data);
  if (findings.length > 0) {
    throw new ConfigError(
      findings.map(({ path, message }) => `${place(path)}: ${path.join('.')}: ${message}`),
    );
  }
  return { config: parsed.data, lines: linesIn(document, lines) };
}

/** The place stands in front, and the lines below that the colon announces are left out. */
const withoutPlace = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/ at line \d+, column (\d+):?$/, ' (column $1)');

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const keys = path.slice(0, length);
    const parent: unknown = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
    // The line of the key itself, where there is one.
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => String(key) === String(keys.at(-1)))
      : undefined;
    const node: unknown = pair?.key ?? document.getIn(keys, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue): readonly Finding[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key) }));
  if (issue.code === 'invalid_union') {
    // The branch that came furthest says best what is wrong.
    const [furthest = []] = issue.errors.toSorted((one, other) => depthOf(other) - depthOf(one));
    if (depthOf(furthest) > 0)
      return furthest.flatMap((one) => describe({ ...one, path: [...path, ...one.path] }));
  }
  const key = path.join('.');
  const missing = issue.code === 'invalid_type' && issue.message.includes('undefined');
  return [
    {
      path,
      message: missing ? `${key} is missing` : `${key === '' ? 'the file' : key}: ${issueInWords(issue)}`,
    },
  ];
}

function depthOf(branch: readonly Issue[]): number {
  return Math.max(0, ...branch.map((issue) => issue.path.length));
}

function unknownKey(path: readonly (string | number)[], key: string): string {
  const name = [...path.filter((part) => typeof part === 'string'), key].join('.');
  // What `relay` has not, its routes have not either.
  const plain = path[0] === 'relay' && path[1] === 'routes' ? `relay.${key}` : name;
  const reason = Object.hasOwn(notBuilt, plain) ? notBuilt[plain] : undefined;
  if (reason !== undefined) return `${name}: ${reason}`;
  const similar = nearest(key, knownKeys(path));
  return `unknown key "${name}"${similar === undefined ? '' : `: did you mean "${similar}"?`}`;
}

/** Keys that the schema knows at a place. */
function knownKeys(path: readonly (string | number)[]): readonly string[] {
  let schemas: readonly unknown[] = [configSchema];
  for (const key of path) schemas = schemas.flatMap((schema) => childrenOf(schema, key));
  return schemas.flatMap((schema) => shapesOf(schema).flatMap((shape) => Object.keys(shape)));
}

interface SchemaNode {
  readonly def: {
    readonly type: string;
    readonly shape?: Readonly<Record<string, unknown>>;
    readonly innerType?: unknown;
    readonly options?: readonly unknown[];
    readonly element?: unknown;
    readonly valueType?: unknown;
    readonly in?: unknown;
  };
}

function shapesOf(schema: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { def } = schema as SchemaNode;
  if (def.shape !== undefined) return [def.shape];
  const inner = def.innerType === undefined ? (def.options ?? []) : [def.innerType];
  return inner.flatMap((one) => shapesOf(one));
}

function childrenOf(schema: unknown, key: string | number): readonly unknown[] {
  const { def } = schema as SchemaNode;
  if (def.shape !== undefined)
    return typeof key === 'string' && def.shape[key] !== undefined ? [def.shape[key]] : [];
  if (def.element !== undefined) return [def.element];
  if (def.valueType !== undefined) return [def.valueType];
  const inner = def.innerType === undefined ? (def.options ?? []) : [def.innerType];
  return inner.flatMap((one) => childrenOf(one, key));
}
