// The configuration in force, key by key: what it is, from where, what it would be without a word, and what it means. Passwords are taken out before.

import { formatDuration } from '../base/duration.ts';
import { formatSize } from '../base/size.ts';
import { needsRestart } from './fixed-keys.ts';
import { type ConfigKey, configKeys } from './keys.ts';
import { ELEMENTS_MAX, keyText, type Lines } from './lines.ts';
import type { Config } from './schema.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface Setting {
  /** As it would be written in one line: `listeners[0].port`, `relay.routes.example.net.tls`. */
  readonly key: string;
  /** As it would be written; absent: it has none. */
  readonly value?: string;
  /** Of the file; absent: it is the default. */
  readonly line?: number;
  readonly fallback?: string;
  /** What may be written. */
  readonly type: string;
  readonly description: string;
  /** A reload leaves it as it is. */
  readonly needsRestart: boolean;
}

export interface Written {
  readonly config: Config;
  readonly lines?: Lines | undefined;
}

let known: readonly ConfigKey[] | undefined;

/** In the order of the schema; of each list and each group of any names the first `ELEMENTS_MAX`. */
export function settingsOf({ config, lines = {} }: Written): readonly Setting[] {
  known ??= configKeys();
  const shown = withoutSecrets(config);
  const found = known.flatMap((row) =>
    placesOf(shown, row.key.split('.')).flatMap((place) => {
      const setting = settingAt(place, row, lines);
      return setting === undefined ? [] : [{ setting, element: place.element ?? place.key }];
    }),
  );
  // What stands in one element of a list stands together.
  const together = Map.groupBy(found, ({ element }) => element);
  return [...together.values()].flat().map(({ setting }) => setting);
}

function settingAt({ key, value }: Place, row: ConfigKey, lines: Lines): Setting | undefined {
  const text = textOf(value, row.unit);
  if (text === GROUP) return undefined;
  const line = lineOf(isNamedSecret(value) ? keyText(key, Object.keys(value)[0] ?? '') : key, lines);
  return {
    key,
    ...(text === undefined ? {} : { value: text }),
    ...(line === undefined ? {} : { line }),
    ...(row.fallback === undefined ? {} : { fallback: fallbackOf(row.fallback) }),
    ...{ type: row.type, description: row.description, needsRestart: needsRestart(key) },
  };
}

interface Place {
  readonly key: string;
  readonly value: unknown;
  /** Of a list, or of a group of any names, that it is in; absent: in none. */
  readonly element?: string;
}

/** Its keys have rows of their own. */
const GROUP = Symbol('group');

/** All places of the configuration that a key of the schema means. What stands in a group that is not there is none. */
function placesOf(config: unknown, names: readonly string[]): readonly Place[] {
  let places: readonly Place[] = [{ key: '', value: config }];
  for (const [at, written] of names.entries()) {
    const name = written.replace('[]', '');
    const isLast = at === names.length - 1;
    places = places.flatMap((place) => {
      const inside = childrenOf(place, name);
      return isLast && !written.endsWith('[]') ? inside : inside.flatMap(elementsOf);
    });
  }
  return places;
}

function childrenOf({ key, value, ...others }: Place, name: string): readonly Place[] {
  if (typeof value !== 'object' || value === null || isNamedSecret(value)) return [];
  const group = value as Readonly<Record<string, unknown>>;
  if (name !== 'DOMAIN') return [{ key: keyText(key, name), value: group[name], ...others }];
  return Object.entries(group)
    .slice(0, ELEMENTS_MAX)
    .map(([domain, one]) => elementAt(keyText(key, domain), one));
}

const elementAt = (key: string, value: unknown): Place => ({ key, value, element: key });

function elementsOf(place: Place): readonly Place[] {
  if (!Array.isArray(place.value)) return [place];
  return place.value
    .slice(0, ELEMENTS_MAX)
    .map((value: unknown, at) => elementAt(keyText(place.key, at), value));
}

/** A password that stands elsewhere: where, is no secret. */
function isNamedSecret(value: unknown): value is Readonly<Record<'file' | 'env', string>> {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...others] = Object.keys(value);
  return others.length === 0 && (name === 'file' || name === 'env');
}

function textOf(value: unknown, unit: ConfigKey['unit']): string | typeof GROUP | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) {
    if (value.some((one) => typeof one === 'object')) return GROUP;
    const shown = value.slice(0, ELEMENTS_MAX).map((one) => String(textOf(one, unit)));
    const more = value.length - shown.length;
    return `[${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}]`;
  }
  if (isNamedSecret(value)) return JSON.stringify(value);
  if (typeof value === 'object') return GROUP;
  if (typeof value === 'number' && unit === 'milliseconds') return formatDuration(value);
  if (typeof value === 'number' && unit === 'octets') return formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function fallbackOf(fallback: unknown): string {
  if (typeof fallback === 'string') return fallback;
  const text = JSON.stringify(fallback);
  return Array.isArray(fallback) && !text.includes('{') ? `[${fallback.join(', ')}]` : text;
}

/** Of the key itself, or of the single value that was written for the whole group it is in. */
function lineOf(key: string, lines: Lines): number | undefined {
  for (
    let at = key.length;
    at > 0;
    at = Math.max(key.lastIndexOf('.', at - 1), key.lastIndexOf('[', at - 1))
  ) {
    const line = lines[key.slice(0, at)];
    if (line !== undefined) return line;
  }
  return undefined;
}
