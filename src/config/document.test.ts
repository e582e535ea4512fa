// What is generated from the schema is true: the example file means the defaults, the page and the JSON Schema know every key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { commentedConfig, referencePage } from './document.ts';
import { jsonSchema } from './keys.ts';
import { parseConfig } from './load.ts';
import { configSchema } from './schema.ts';

const values = {
  hostname: 'mail.example.org',
  domains: ['example.org', 'example.com'],
  data: '/var/lib/postern',
  tls: { cert: '/etc/postern/fullchain.pem', key: '/etc/postern/privkey.pem' },
  relay: { smarthost: 'smtp://mta.internal:25' },
};

const topKeys = Object.keys(configSchema.shape);

/** The generated file as if somebody had taken away every comment sign before a key; keys that have no default stay comments. */
function uncommented(text: string): string {
  return text
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n');
      const key = lines.findIndex((line) => topKeys.some((name) => line.startsWith(`# ${name}:`)));
      const empty = lines[key]?.endsWith(':') === true && lines[key + 1]?.startsWith('# ') !== true;
      if (key < 0 || empty) return block;
      return [...lines.slice(0, key), ...lines.slice(key).map((line) => line.slice(2))].join('\n');
    })
    .join('\n\n');
}

test('the example file reads back as the values that it was made of, and nothing else', () => {
  const text = commentedConfig(values);
  assert.deepEqual(parse(text), values);
  assert.deepEqual(parseConfig(text, 'x'), parseConfig(JSON.stringify(values), 'x'));
});

test('every key of the schema stands in the example file, set or as a comment', () => {
  const text = commentedConfig(values);
  for (const key of topKeys) assert.match(text, new RegExp(`^(# )?${key}:`, 'm'), key);
});

test('what the comments show are the defaults: without the comment signs the file means the same', () => {
  const plain = uncommented(commentedConfig(values));
  const shown = Object.keys(parse(plain) as object);
  for (const key of ['listeners', 'limits', 'timeouts', 'audit', 'http', 'log', 'received'])
    assert.ok(shown.includes(key), key);
  assert.deepEqual(parseConfig(plain, 'x'), parseConfig(JSON.stringify(values), 'x'));
});

test('values of any kind survive: special characters, lists, words that YAML takes for something else', () => {
  for (const data of ['/srv/mail: new', '# no comment', 'no', '1e3', "it's", '/größe', 'a\nb']) {
    const made = { ...values, data, mailboxes: ['@example.org'], http: 'off' };
    assert.deepEqual(parse(commentedConfig(made)), made);
  }
});

interface SchemaNode {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
}

const schema = jsonSchema() as SchemaNode;

test('the JSON Schema knows every key, refuses unknown ones, and asks for three', () => {
  assert.deepEqual(Object.keys(schema.properties ?? {}), topKeys);
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.required, ['hostname', 'domains', 'relay']);
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema, 'it is plain JSON');
});

/** Keys of groups, two levels down, as the reference page writes them. */
function keysOf(node: SchemaNode, prefix: string): readonly { key: string; node: SchemaNode }[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
    { key: `${prefix}${name}`, node: child },
    ...keysOf(child, `${prefix}${name}.`),
  ]);
}

test('the reference page has a row for every key that is a value, with its default and its meaning', () => {
  const rows = new Map(
    referencePage()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => {
        const [, key = '', type = '', fallback = '', meaning = ''] = line.split(/(?<!\\)\|/);
        return [key.trim().replaceAll('`', ''), { type, fallback: fallback.trim(), meaning: meaning.trim() }];
      }),
  );
  const leaves = keysOf(schema, '').filter(({ node }) => node.properties === undefined);
  assert.ok(leaves.length > 40, `${leaves.length} keys`);
  for (const { key, node } of leaves) {
    const row = rows.get(key);
    assert.ok(row !== undefined, key);
    assert.notEqual(row.type.trim(), '', key);
    assert.notEqual(row.meaning, '', `${key} has no meaning`);
    if (node.default !== undefined) assert.equal(row.fallback, `\`${JSON.stringify(node.default)}\``, key);
  }
  for (const key of ['hostname', 'domains', 'listeners[].port', 'tls.cert'])
    assert.equal(rows.get(key)?.fallback, 'required', key);
  for (const key of [
    'listeners[].role',
    'relay.routes.DOMAIN.lmtp',
    'http.port',
    'limits.identity.messagesPerHour',
  ])
    assert.ok(rows.has(key), key);
});
