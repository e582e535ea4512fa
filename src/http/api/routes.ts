// The paths of the API. One more is a row here, or in `routes-accounts.ts`; `docs/reference/openapi.json` is made of it (`npm run docs`).

import { z } from 'zod';
import type { QueuePart } from '../../administration/queue-selector.ts';
import { entryJson, ofAgeJson, ofIdentityJson } from '../../administration/queue-json.ts';
import type { Administration } from '../../administration/use-cases.ts';
import type { QueueCursor } from '../../store/lookups.ts';
import { Problem } from './problem.ts';
import { route, type Route } from './route.ts';
import { accountRoutes } from './routes-accounts.ts';
import { ownRoutes } from './routes-me.ts';
import { domainRoutes } from './routes-domains.ts';
import { trailRoutes } from './routes-trail.ts';
import * as shapes from './shapes.ts';
import * as queueShapes from './shapes-queue.ts';

type Given = { readonly [K in keyof QueuePart]?: QueuePart[K] | undefined };

/** Without what was not said. */
function partOf(given: Given): QueuePart {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const recipient = z.strictObject({ messageId: shapes.messageId, recipientNumber: z.int().min(0) });

const queueLooks: readonly Route[] = [
  route(['GET', '/queue', 'listQueue'], {
    summary:
      'Lists what waits, a recipient each, oldest message first. A domain admin names an account; a user means himself.',
    query: queueShapes.queuePart.extend({
      held: z
        .enum(['true', 'false'])
        .transform((value) => value === 'true')
        .optional(),
    }),
    answer: z.object({
      entries: z.array(queueShapes.queueEntry),
      deliveries: z.int().optional().meta({ description: 'Recipients, listed or not; with the first page.' }),
    }),
    paging: { place: recipient, limit: { usual: 100, most: 500 } },
    async carryOut(as, { query, after, max }) {
      const from = after === undefined ? {} : { after: after as QueueCursor };
      const { entries, deliveries, next } = await as.listQueue({ part: partOf(query), max, ...from });
      return { entries: entries.map(entryJson), deliveries, next };
    },
  }),
  route(['GET', '/queue/totals', 'queueTotals'], {
    summary: 'How much waits, by domain of the recipients (the 50 largest) and by next hop.',
    answer: queueShapes.queueTotals,
    carryOut: (as) => as.queueTotals(),
  }),
  route(['GET', '/queue/by-identity', 'queueByIdentity'], {
    summary: 'Whose mail waits, the most first; of a domain admin the accounts of his domains.',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).prefault(100) }),
    answer: queueShapes.queueByIdentity,
    async carryOut(as, { query: { limit } }) {
      const found = await as.queueByIdentity({ max: limit });
      return { identities: found.map(ofIdentityJson) };
    },
  }),
  route(['GET', '/queue/by-age', 'queueByAge'], {
    summary: 'How long what waits has waited: of the whole queue, or of one account.',
    query: z.strictObject({ identity: queueShapes.queuePart.shape.identity }),
    answer: queueShapes.queueByAge,
    async carryOut(as, { query: { identity } }) {
      const found = await as.queueByAge({ part: identity === undefined ? {} : { identity } });
      return { ages: found.map(ofAgeJson) };
    },
  }),
  route(['GET', '/queue/{id}', 'showQueued'], {
    summary: 'Shows a message of the queue: envelope, recipients, header. Recorded in the trail.',
    params: shapes.ofMessage,
    answer: queueShapes.queuedMessage,
    takesReason: true,
    async carryOut(as, { params }) {
      const { message, entries, header } = await as.showQueued(params);
      const login = entries[0]?.waiting.login;
      return { ...message, login, recipients: entries.map(entryJson), header };
    },
  }),
  route(['GET', '/queue/{id}/content', 'queuedContent'], {
    summary: 'The message itself. Needs a reason, and is recorded in the trail.',
    params: shapes.ofMessage,
    answer: 'message/rfc822',
    takesReason: true,
    carryOut: (as, { params }) => as.queuedContent(params),
  }),
];

/** Empty: before all. */
const place = z.union([z.literal(''), shapes.messageId]);

/** Whether the trail has the event of the command is not for a cursor to say, since whoever asks can make one up: each request that changes something leaves its own. */
const position = recipient.extend({ messageId: place, until: z.int() });

/** To be named: the whole of it by mistake is more than anybody wants. */
const namedPart = queueShapes.queuePart
  .extend({ held: z.boolean().optional() })
  .refine((part) => Object.values(part).some((value) => value !== undefined), {
    error: 'name a part of the queue',
  });
const bouncePlace = recipient.extend({ messageId: place, began: z.number() });

/** Before those that take any action: the first path that fits is the one that is asked. */
const bounces: readonly Route[] = [
  route(['POST', '/queue/{id}/bounce', 'bounceQueue'], {
    name: 'bounceMessage',
    summary: 'Gives a message of the queue up, and reports that to its sender.',
    params: shapes.ofMessage,
    answer: queueShapes.bounced,
    async carryOut(as, { params: { id } }) {
      await assertQueued(as, id);
      const { count } = await as.bounceQueue({ part: { id } });
      return { bounced: count };
    },
  }),
  route(['POST', '/queue/bounces', 'bounceQueue'], {
    summary:
      'Gives a part of the queue up, and reports that to the senders, some hundred recipients a request: ask again with `next` as `cursor` until there is none.',
    body: z.strictObject({ part: namedPart }),
    answer: queueShapes.bounced,
    paging: { place: bouncePlace, limit: { usual: 1, most: 1 } },
    async carryOut(as, { body: { part }, after }) {
      const from = after === undefined ? {} : { after: after as z.output<typeof bouncePlace> };
      const { count, next } = await as.bounceQueue({ part: partOf(part), ...from });
      return { bounced: count, next };
    },
  }),
];

/** Told apart from one that has nothing left to change. */
async function assertQueued(as: Administration, id: string): Promise<void> {
  if ((await as.countQueue({ part: { id } })) === 0)
    throw new Problem('notFound', `${id} is not in the queue; the trace tells what became of it`);
}

const queueActs: readonly Route[] = [
  ...bounces,
  route(['POST', '/queue/{id}/{action}', 'changeQueue'], {
    name: 'changeMessage',
    summary: 'Retries, holds, releases or drops a message of the queue.',
    params: shapes.ofMessage.extend({ action: queueShapes.queueAction }),
    answer: queueShapes.queueChanged,
    async carryOut(as, { params: { id, action } }) {
      await assertQueued(as, id);
      const { changed, stillHeld } = await as.changeQueue({ part: { id }, action });
      return { changed, stillHeld };
    },
  }),
  route(['POST', '/queue/changes', 'changeQueue'], {
    summary:
      'Retries, holds, releases or drops a part of the queue, some thousand recipients a request: ask again with `next` as `cursor` until there is none.',
    query: z.strictObject({}),
    body: z.strictObject({
      action: queueShapes.queueAction,
      part: namedPart,
    }),
    answer: queueShapes.queueChanged,
    paging: { place: position, limit: { usual: 1, most: 1 } },
    async carryOut(as, { body: { action, part }, after }) {
      const from =
        after === undefined ? {} : { after: { ...(after as z.output<typeof position>), told: false } };
      const { next, ...done } = await as.changeQueue({ part: partOf(part), action, ...from });
      if (next === undefined) return done;
      const { told: _told, ...rest } = next;
      return { ...done, next: rest };
    },
  }),
];

/** Less than the listener waits for a sign of life. */
export const BACKUP_MS = 55_000;

export const routes: readonly Route[] = [
  route(['GET', '/status', 'serverStatus'], {
    summary: 'How the server is: problems, warnings, hops that are down, the flow of the last hour.',
    answer: shapes.status,
    carryOut: (as) => as.serverStatus(),
  }),
  route(['GET', '/settings', 'showSettings'], {
    summary:
      'The configuration in force, key by key: value, line of the file, default, and what it means. Passwords are not shown.',
    query: z.strictObject({
      word: z.string().max(100).optional().meta({ description: 'In the key, the value or the prose.' }),
    }),
    answer: shapes.settings,
    carryOut: (as, { query: { word } }) => as.showSettings(word === undefined ? {} : { word }),
  }),
  route(['GET', '/backup', 'backUp'], {
    summary:
      'A copy of everything that the store keeps, for `postern restore`: accounts with the hashes of their passwords, queue, trail. Needs a reason, and is recorded in the trail. It begins when the copy is made, which may take a minute. Refused where the store is on PostgreSQL, which has backups of its own.',
    answer: 'application/vnd.sqlite3',
    takesReason: true,
    answerMs: BACKUP_MS,
    carryOut: (as) => as.backUp(),
  }),
  ...accountRoutes,
  ...queueLooks,
  ...queueActs,
  ...trailRoutes,
  ...ownRoutes,
  ...domainRoutes,
];
