// The shapes of the queue, as the API takes and gives it.

import { z } from 'zod';
import { duration } from '../../config/values.ts';
import { login, text, time } from './shapes.ts';

const optionalTime = time.optional();

export const queuePart = z.strictObject({
  identity: login.optional().meta({ description: 'Mail of this account.' }),
  credential: text(100).optional().meta({
    description:
      'Mail that came with this app password: its id; with `identity` its label or `password` too.',
  }),
  from: z.string().max(320).optional().meta({ description: 'Reverse-path, exact.' }),
  to: text(320).optional().meta({ description: 'Recipient, exact.' }),
  domain: text(255).optional().meta({ description: 'Domain of recipients.' }),
  nextHop: text(1000).optional().meta({
    description: 'What goes there: a `hop` of the totals. Only for roles that see the totals; else 403.',
  }),
  olderThan: duration().optional().meta({ description: 'Has waited for so long or longer, such as `4h`.' }),
  youngerThan: duration().optional().meta({ description: 'Has waited for less, such as `1d`.' }),
});

export const queueEntry = z.object({
  id: z.string(),
  acceptedAt: time,
  identityId: z.string().optional(),
  login: z.string().optional(),
  state: z.enum(['new', 'active', 'deferred', 'held']),
  from: z.string(),
  to: z.string(),
  recipientNumber: z.int(),
  octets: z.int(),
  attempts: z.int(),
  dueAt: time,
  held: z.boolean(),
  heldBy: z.array(z.string()),
  active: z.boolean(),
  node: z.string().optional(),
  why: z.string(),
  lastAttempt: z.looseObject({ at: time, status: z.string(), reply: z.string() }).optional(),
});

export const queuedMessage = z.looseObject({
  ...{ id: z.string(), acceptedAt: time, login: z.string().optional(), octets: z.int() },
  ...{ recipients: z.array(queueEntry), header: z.array(z.string()) },
});
const ofDomain = z.object({ domain: z.string(), deliveries: z.int() });
export const queueTotals = z.looseObject({
  ...{ messages: z.int(), deliveries: z.int(), held: z.int(), oldestAcceptedAt: optionalTime },
  byDomain: z.array(ofDomain),
  byHop: z
    .array(z.object({ hop: z.string(), deliveries: z.int(), domains: z.array(ofDomain) }))
    .meta({ description: 'The domains above by the next hop that each has now.' }),
});
export const queueByIdentity = z.object({
  identities: z.array(
    z.object({
      identityId: z.string(),
      login: z.string().optional().meta({ description: 'Absent: the account is gone.' }),
      deliveries: z.int().meta({ description: 'Recipients.' }),
      oldestAcceptedAt: optionalTime,
    }),
  ),
});
export const queueByAge = z.object({
  ages: z.array(
    z.object({
      olderThan: z.string().optional().meta({ description: 'Such as `4h`: a filter of the list.' }),
      youngerThan: z.string().optional(),
      deliveries: z.int().meta({ description: 'Recipients, at most 10,000.' }),
      isCut: z.boolean().meta({ description: 'There are more.' }),
    }),
  ),
});
export const queueAction = z.enum(['retry', 'hold', 'release', 'drop']);
export const queueChanged = z.object({
  changed: z.int().meta({ description: 'Recipients. What is under way, or was so already, is left out.' }),
  stillHeld: z.int().meta({ description: 'After a release: held for another reason.' }),
});

export const bounced = z.object({
  bounced: z.int().meta({ description: 'Recipients that were given up. What is under way is left out.' }),
});
