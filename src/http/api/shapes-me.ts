// The shapes of what a token tells of its own account.

import { z } from 'zod';
import { roles } from '../../record/identity.ts';
import { account, accountRights, lastUse as usedLast, limitUse, sessionList } from './shapes.ts';

const time = z.iso.datetime();
const optionalTime = time.optional();
const lastUse = usedLast.optional();

export const myAccount = z.object({
  ...{ login: z.string(), displayName: z.string().optional(), state: account.shape.state },
  role: z.enum(roles),
  devices: z.array(
    z.object({
      ...{ id: z.string(), kind: z.enum(['appPassword', 'token']), label: z.string() },
      ...{ createdAt: time, expiresAt: optionalTime, lastUse },
      revoked: z.object({ at: time, by: z.enum(['you', 'an operator']) }).optional(),
    }),
  ),
  password: z.object({ since: time, lastUse }).optional(),
  keptIn: z.string().optional().meta({ description: 'The directory that keeps the password.' }),
  limits: limitUse,
  rights: accountRights.shape.rights,
});

const fate = z.object({
  ...{ recipient: z.string(), fate: z.string(), attempts: z.int() },
  ...{ at: optionalTime, status: z.string().optional(), dueAt: optionalTime },
  said: z.string().optional().meta({ description: 'In the words of the other server.' }),
  active: z.literal(true).optional().meta({ description: 'An attempt is under way.' }),
  hopWasDown: z
    .literal(true)
    .optional()
    .meta({ description: 'Not tried yet: its next hop was down when it was its turn.' }),
  takenBack: z.literal(true).optional().meta({ description: 'By you, before it left.' }),
  heldBy: z.array(z.string()),
});

const message = z.object({
  ...{ id: z.string(), acceptedAt: time, recipients: z.int() },
  from: z.string().optional().meta({ description: 'Absent: what was recorded is forgotten.' }),
  undoUntil: optionalTime.meta({ description: 'Until then it can be taken back. Absent: it can not.' }),
  ...{ octets: z.int().optional(), device: z.string().optional() },
  fates: z.array(fate).meta({ description: 'Of some recipients, first those of whom something went wrong.' }),
});

export const myMail = z.object({
  messages: z.array(message),
  undoSeconds: account.shape.undoSeconds
    .optional()
    .meta({ description: 'Your undo window. Absent: a service has none.' }),
});

export const undone = z.object({
  id: z.string(),
  recipients: z.int().meta({ description: 'That it does not go to.' }),
});

export const myMessage = z.object({
  message,
  steps: z.array(
    z.object({
      ...{ type: z.string(), at: time, recipient: z.string().optional() },
      ...{ status: z.string().optional(), said: z.string().optional(), dueAt: optionalTime },
    }),
  ),
  left: z.int().meta({ description: 'Steps that are not told.' }),
});

export const mySettings = z.object({
  login: z.string(),
  sheet: z.looseObject({ title: z.string() }),
  programs: z.array(z.looseObject({ program: z.string(), steps: z.array(z.string()) })),
  mobileconfig: z.string().optional().meta({
    description: 'Profile for Apple’s devices; absent without a server for incoming mail.',
  }),
  autoconfig: z.string().optional().meta({ description: 'Document for Thunderbird and its kin.' }),
});

export const revokedMine = z.object({
  ...{ id: z.string(), label: z.string(), kind: z.enum(['appPassword', 'token']) },
});

export const mySessions = z.object({ sessions: sessionList.shape.sessions });
export const endedSession = z.object({ session: z.string() });
