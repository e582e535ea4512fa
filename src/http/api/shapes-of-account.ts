// The shapes of what the API is asked about accounts, and tells of one beside what is kept of it: its days, who looked, what it may.

import { z } from 'zod';
import { text, time } from './shapes.ts';

export const accountPart = z.strictObject({
  domain: text(255).optional().meta({ description: 'Of this domain.' }),
  prefix: text(320).optional().meta({ description: 'Their logins begin with this.' }),
  state: z.enum(['active', 'suspended', 'removed']).optional(),
  address: text(320)
    .optional()
    .meta({ description: 'Who has this address; the others are not looked at then.' }),
});

const count = z.int().min(0);
export const accountDays = z.object({
  login: z.string(),
  days: z.array(
    z.object({
      ...{ at: time, accepted: count, delivered: count, deferred: count, failed: count, refused: count },
    }),
  ),
  isCut: z.boolean().meta({
    description:
      'There was more than is counted (4,000 events): earlier days are missing, and the oldest with mail is not whole.',
  }),
});
export const accountLooks = z.object({
  login: z.string(),
  looks: z.array(z.object({ at: time, by: z.string(), action: z.string(), reason: z.string() })),
});
export const askedSending = z.strictObject({
  from: z.string().max(320).meta({ description: 'Reverse-path; empty: the null one.' }),
  to: text(320).optional(),
  headerFrom: text(320).optional().meta({ description: 'From of the header, if it is another.' }),
});
export const explained = z.object({
  login: z.string(),
  mayPass: z.boolean(),
  steps: z.array(
    z.object({
      question: z.string(),
      verdict: z.string(),
      rule: z.string(),
      because: z.string(),
    }),
  ),
});
