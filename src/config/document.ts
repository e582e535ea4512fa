// What is generated from the schema: the commented example file, the reference page, the JSON Schema.

import { stringify } from 'yaml';
import { fixedKeys } from './fixed-keys.ts';
import { configKeys, jsonSchema, type Node } from './keys.ts';

export function referencePage(): string {
  const lines = configKeys().map(({ key, type, isRequired, fallback, description }) => {
    const said = isRequired ? 'required' : fallback === undefined ? '' : `\`${JSON.stringify(fallback)}\``;
    return `| \`${key}\` | ${type} | ${said} | ${description.replaceAll('|', '\\|')} |`;
  });
  return [
    '# Configuration',
    '',
    'Generated from `src/config/schema.ts` by `npm run docs`. Looked for in `-c FILE`, `$POSTERN_CONFIG`, `./postern.yaml`,',
    '`./var/postern.yaml`, `/etc/postern/postern.yaml`; paths in it are relative to the file. Durations are written `90s`, `15m`, `4h`, `5d`;',
    'sizes `256KiB`, `25MiB`. Unknown keys and unsafe combinations stop the start. `tls`, `dkim`, `limits`, `relay`, `domains`, `mailboxes`, `log` and',
    `the policy keys are taken by a reload (SIGHUP); ${fixedKeys.map((key) => `\`${key}\``).join(', ')} and \`local.socket\` need a restart.`,
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
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
