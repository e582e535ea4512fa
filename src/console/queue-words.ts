// A part of the queue as an address and a form name it, and in words.

import { html } from 'hono/html';
import type { QueuePart } from '../administration/queue-selector.ts';
import type { QueueCursor } from '../store/lookups.ts';
import type { Html } from './page.ts';
import { pageOf } from './words.ts';

const names = ['id', 'identity', 'from', 'to', 'domain'] as const;

/** What is empty is not asked for. */
export function partOf(query: URLSearchParams, prefix = ''): QueuePart {
  const held = query.get(`${prefix}held`);
  const given = names.flatMap((name) => {
    const value = (query.get(prefix + name) ?? '').trim();
    return value === '' ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    ...(held === 'yes' || held === 'no' ? { held: held === 'yes' } : {}),
  };
}

/** The page that shows it. */
export function pageOfPart(part: QueuePart, after?: QueueCursor): string {
  const place = after === undefined ? {} : { after: cursorText(after) };
  return pageOf('/queue', { ...Object.fromEntries(entriesOf(part)), ...place });
}

/** So that a form acts on what is shown above it. */
export function hiddenPart(part: QueuePart): readonly Html[] {
  return entriesOf(part).map(
    ([name, value]) => html`<input type="hidden" name="${PART}${name}" value="${value}" />`,
  );
}

/** Before the names of a part in a form: `id` stands there for what was chosen. */
export const PART = 'part-';

function entriesOf({ held, ...part }: QueuePart): readonly (readonly [string, string])[] {
  const given = names.flatMap((name) => {
    const value = part[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return held === undefined ? given : [...given, ['held', held ? 'yes' : 'no'] as const];
}

const words: Readonly<Record<(typeof names)[number], string>> = {
  id: 'message',
  identity: 'of the account',
  from: 'from',
  to: 'to',
  domain: 'to the domain',
};

/** Empty: the whole queue. */
export function partInWords({ held, ...part }: QueuePart): string {
  const given = names.flatMap((name) => (part[name] === undefined ? [] : [`${words[name]} ${part[name]}`]));
  return [...given, ...(held === undefined ? [] : [held ? 'held' : 'not held'])].join(', ');
}

const cursorText = ({ messageId, recipientNumber }: QueueCursor): string => `${messageId}.${recipientNumber}`;

/** Undefined: there is none, or none that could be one. */
export function cursorOf(text: string | null): QueueCursor | undefined {
  const [, messageId, number] = /^([0-9A-Z]{26})\.(\d{1,6})$/.exec(text ?? '') ?? [];
  return messageId === undefined ? undefined : { messageId, recipientNumber: Number(number) };
}
