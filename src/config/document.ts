// What is generated from the schema: the commented example file, the reference page, the JSON Schema.

import { stringify } from 'yaml';
import { z } from 'zod';
import { configSchema } from './schema.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

export function jsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
}

interface KeyRow {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly description: string;
}

export function referencePage(): string {
  const rows: KeyRow[] = [];
  collect(jsonSchema() as Node, '', rows);
  const lines = rows.map(
    ({ key, type, fallback, description }) =>
      `| \`${key}\` | ${type} | ${fallback} | ${description.replaceAll('|', '\\|')} |`,
  );
  return [
    '# Configuration',
    '',
    'Generated from `src/config/schema.ts` by `npm run docs`. Looked for in `-c FILE`, `$POSTERN_CONFIG`, `./postern.yaml`,',
    '`./var/postern.yaml`, `/etc/postern/postern.yaml`; paths in it are relative to the file. Durations are written `90s`, `15m`, `4h`, `5d`;',
    'sizes `256KiB`, `25MiB`. Unknown keys and unsafe combinations stop the start. `tls`, `dkim`, `limits`, `relay`, `domains`, `mailboxes`, `log` and',
    'the policy keys are taken by a reload (SIGHUP); `data`, `store`, `node`, `listeners`, `threads`, `http`, `web` and `local.socket` need a restart.',
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

function collect(node: Node, prefix: string, rows: KeyRow[]): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const isGroup = child.properties !== undefined;
    if (!isGroup || child.description !== undefined) {
      const fallback =
        node.required?.includes(name) === true
          ? 'required'
          : child.default === undefined || isGroup
            ? ''
            : `\`${JSON.stringify(child.default)}\``;
      rows.push({ key, type: typeOf(child), fallback, description: child.description ?? '' });
    }
    collect(child, key, rows);
    const inner = [...(child.anyOf ?? []), ...(child.items === undefined ? [] : [child.items])];
    const shape = inner
      .flatMap((one) => [one, ...(one.items === undefined ? [] : [one.items])])
      .find(({ properties }) => properties !== undefined);
    if (shape !== undefined) collect(shape, child.items === undefined ? key : `${key}[]`, rows);
    if (typeof child.additionalProperties === 'object')
      collect(child.additionalProperties, `${key}.DOMAIN`, rows);
  }
}

function typeOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.type === 'array') return `list of ${node.items === undefined ? 'values' : typeOf(node.items)}`;
  const range =
    node.minimum === undefined || node.maximum === undefined || node.maximum > 2 ** 50
      ? ''
      : ` ${node.minimum} to ${node.maximum}`;
  if (node.type === 'integer' || node.type === 'number') return `number${range}`;
  return node.type === 'object' ? 'group' : node.type === 'boolean' ? 'true or false' : 'text';
}

/** A file with the given values, and every other group named as a comment with its defaults. */
export function commentedConfig(values: Readonly<Record<string, unknown>>): string {
  const schema = jsonSchema() as Node;
  const parts = ['# Postern: an accountable mail submission server. Every key: docs/reference/config.md', ''];
  for (const [name, node] of Object.entries(schema.properties ?? {})) {
    if (node.description !== undefined) parts.push(`# ${node.description}`);
    if (name in values) parts.push(stringify({ [name]: values[name] }).trimEnd());
    else parts.push(...commented(name, node));
    parts.push('');
  }
  return parts.join('\n');
}

function commented(name: string, node: Node): readonly string[] {
  const value = defaultsOf(node);
  const text = value === undefined ? `${name}:` : stringify({ [name]: value }).trimEnd();
  return text.split('\n').map((line) => `# ${line}`);
}

function defaultsOf(node: Node): unknown {
  // `http: {}` says less than the group that it stands for.
  const group = node.anyOf?.find(({ properties }) => properties !== undefined);
  if (group !== undefined && JSON.stringify(node.default) === '{}') return defaultsOf(group);
  if (node.properties === undefined) return node.default;
  // A group that lacks a key without default would be no valid file.
  if ((node.required ?? []).length > 0) return undefined;
  const entries = Object.entries(node.properties).map(([name, child]) => [name, defaultsOf(child)] as const);
  const known = entries.filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}
