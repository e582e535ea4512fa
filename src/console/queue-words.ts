// A part of the queue as an address and a form name it, and in words.

import { html } from 'hono/html';
import { UseCaseFailure } from '../administration/failure.ts';
import type { QueuePart } from '../administration/queue-selector.ts';
import { formatDuration, parseDuration } from '../base/duration.ts';
import { spanWords } from '../base/span.ts';
import type { QueueCursor } from '../store/lookups.ts';
import type { Html } from './page.ts';
import { pageOf } from './words.ts';

const names = ['id', 'identity', 'credential', 'from', 'to', 'domain', 'nextHop'] as const;
const ages = ['olderThan', 'youngerThan'] as const;

/** What is empty is not asked for. Throws `UseCaseFailure` if an age is none. */
export function partOf(query: URLSearchParams, prefix = ''): QueuePart {
  const held = query.get(`${prefix}held`);
  const given = names.flatMap((name) => {
    const value = (query.get(prefix + name) ?? '').trim();
    return value === '' ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(given),
    ...Object.fromEntries(ages.flatMap((name) => ageOf(name, query.get(prefix + name) ?? ''))),
    ...(held === 'yes' || held === 'no' ? { held: held === 'yes' } : {}),
  };
}

function ageOf(name: string, text: string): readonly (readonly [string, number])[] {
  if (text.trim() === '') return [];
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new UseCaseFailure(
      `${name} is how long it has waited: a number with its unit, such as 10m, 4h or 2d`,
      'usage',
    );
  return [[name, ms]];
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
  const waited = ages.flatMap((name) => {
    const ms = part[name];
    return ms === undefined ? [] : [[name, formatDuration(ms)] as const];
  });
  return [...given, ...waited, ...(held === undefined ? [] : [['held', held ? 'yes' : 'no'] as const])];
}

const words: Readonly<Record<(typeof names)[number], string>> = {
  id: 'message',
  identity: 'of the account',
  credential: 'sent with the credential',
  from: 'from',
  to: 'to',
  domain: 'to the domain',
  nextHop: 'by the next hop',
};

/** Empty: the whole queue. */
export function partInWords({ held, olderThan, youngerThan, ...part }: QueuePart): string {
  const given = names.flatMap((name) => (part[name] === undefined ? [] : [`${words[name]} ${part[name]}`]));
  const waited = [
    ...(olderThan === undefined ? [] : [`for ${spanWords(olderThan)} or longer`]),
    ...(youngerThan === undefined ? [] : [`for less than ${spanWords(youngerThan)}`]),
  ];
  return [...given, ...waited, ...(held === undefined ? [] : [held ? 'held' : 'not held'])].join(', ');
}

const cursorText = ({ messageId, recipientNumber }: QueueCursor): string => `${messageId}.${recipientNumber}`;

/** Undefined: there is none, or none that could be one. */
export function cursorOf(text: string | null): QueueCursor | undefined {
  const [, messageId, number] = /^([0-9A-Z]{26})\.(\d{1,6})$/.exec(text ?? '') ?? [];
  return messageId === undefined ? undefined : { messageId, recipientNumber: Number(number) };
}
