// Every key of the configuration as the schema has it: type, default, unit, prose. The reference page and the page of settings are made of it.

import { z } from 'zod';
import { configSchema } from './schema.ts';

export interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
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

export interface ConfigKey {
  /** `listeners[].port`, `relay.routes.DOMAIN.tls`. */
  readonly key: string;
  readonly type: string;
  /** As it would be written; absent: none. */
  readonly fallback?: unknown;
  readonly isRequired: boolean;
  readonly description: string;
  /** In which its numbers are held, if it is written as text. */
  readonly unit?: 'milliseconds' | 'octets';
}

/** In the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  const keys: ConfigKey[] = [];
  collect(jsonSchema() as Node, '', keys);
  return keys;
}

function collect(node: Node, prefix: string, keys: ConfigKey[]): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const isGroup = child.properties !== undefined;
    if (!isGroup || child.description !== undefined) {
      const isRequired = node.required?.includes(name) === true;
      const unit = unitOf(child);
      keys.push({
        ...{ key, type: typeOf(child), isRequired, description: child.description ?? '' },
        ...(isRequired || child.default === undefined || isGroup ? {} : { fallback: child.default }),
        ...(unit === undefined ? {} : { unit }),
      });
    }
    collect(child, key, keys);
    const inner = [...(child.anyOf ?? []), ...(child.items === undefined ? [] : [child.items])];
    const shape = inner
      .flatMap((one) => [one, ...(one.items === undefined ? [] : [one.items])])
      .find(({ properties }) => properties !== undefined);
    if (shape !== undefined) collect(shape, child.items === undefined ? key : `${key}[]`, keys);
    if (typeof child.additionalProperties === 'object')
      collect(child.additionalProperties, `${key}.DOMAIN`, keys);
  }
}

function unitOf({ pattern = '', items }: Node): ConfigKey['unit'] {
  if (items !== undefined) return unitOf(items);
  if (pattern.includes('|h|d)')) return 'milliseconds';
  return pattern.includes('|KiB|') ? 'octets' : undefined;
}

function typeOf(node: Node): string {
  if (node.type === 'string' && unitOf(node) !== undefined)
    return unitOf(node) === 'octets' ? 'size' : 'duration';
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
