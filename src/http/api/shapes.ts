// The shapes of what the API takes and gives. Times are RFC 3339 in UTC. What is given may get more fields; what is taken has exactly these.

import { z } from 'zod';
import { duration } from '../../config/values.ts';
import { DISPLAY_NAME_MAX } from '../../identity/identity-changes.ts';
import { PASSWORD_MIN, PASSWORD_OCTETS_MAX } from '../../identity/password.ts';
import { UNDO_MAX } from '../../policy/undo-window.ts';
import { roles, secondFactorKinds, tokenScopes } from '../../record/identity.ts';

export const text = (most: number) => z.string().min(1).max(most);
export const time = z.iso.datetime();
const optionalTime = time.optional();

export const login = text(320).meta({
  description: 'Login of an account: a full address, or the name of a service.',
});
export const messageId = z
  .string()
  .regex(/^[0-9A-Za-z]{26}$/)
  .meta({ description: 'Id of a message: 26 symbols, as in `Received` and in the answer to DATA.' });
/** As it is asked for: given on as milliseconds since the epoch. */
export const moment = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));

export const ofAccount = z.strictObject({ login });
export const ofMessage = z.strictObject({ id: messageId });
export const credentialName = text(100).meta({ description: 'Its id, or its label if only one has it.' });
export const label = text(100).meta({ description: 'What it is for: the name of a device or a program.' });
export const lifetime = duration(60_000)
  .optional()
  .meta({ description: 'Such as `90d`. Absent: it has no end.' });
export const right = text(320).meta({
  description: 'An address, or `@DOMAIN` for all addresses of a domain.',
});
export const undoSeconds = z.int().min(0).max(UNDO_MAX).meta({
  description: 'Undo window: so long what it sends waits before it leaves, seconds. 0: not at all.',
});
export const undoWindow = z.strictObject({ login, undoSeconds });
export const perHour = z.union([z.int().min(0), z.enum(['none', 'default'])]);

export const newPassword = z.string().meta({
  description: `At least ${PASSWORD_MIN} characters, and at most ${PASSWORD_OCTETS_MAX} octets in UTF-8.`,
});

export const newAccount = z.strictObject({
  login,
  displayName: text(DISPLAY_NAME_MAX).optional(),
  mailbox: z.boolean().prefault(true).meta({ description: 'False: a service, mail to it is not accepted.' }),
  password: newPassword
    .optional()
    .meta({ description: 'As of `setPassword`. Absent: an app password is made.' }),
});

const disabled = z.object({ at: time, by: z.string() }).optional();
const credential = z.object({
  id: z.string(),
  kind: z.enum(['password', 'appPassword', 'token', ...secondFactorKinds]),
  label: z.string(),
  since: time,
  expiresAt: optionalTime,
  disabled,
  scopes: z.array(z.enum(tokenScopes)).optional(),
});
const limit = z.union([z.int(), z.literal('none')]);
export const limitUse = z.array(
  z.object({
    ...{ name: z.string(), used: z.int() },
    limit: z.int().optional().meta({ description: 'Absent: there is none.' }),
    freesAt: optionalTime.meta({
      description:
        'If nothing is sent until then. Used up: one more fits. 80 % or more of it: less is used. Absent: there is enough.',
    }),
  }),
);
export const nearLimits = z.object({
  accounts: z
    .array(z.object({ login: z.string(), limits: limitUse }))
    .meta({ description: 'The fullest first.' }),
});
const usedAt = time.meta({
  description: 'Noted once a day for each network: it may have been used since.',
});
export const lastUse = z.object({ at: usedAt, address: z.string() });
const use = lastUse.extend({ credentialId: z.string() });

export const account = z.object({
  id: z.string(),
  login: z.string(),
  displayName: z.string().optional(),
  state: z.enum(['active', 'suspended', 'removed']),
  mailbox: z.boolean(),
  rights: z.array(z.string()),
  credentials: z.array(credential),
  limits: z.record(z.string(), limit),
  undoSeconds,
  role: z.enum(roles),
  adminOf: z.array(z.string()).optional(),
  createdAt: time,
  removedAt: optionalTime,
});

export const shownAccount = account.extend({
  effectiveLimits: z.record(z.string(), limit),
  limitUse,
  uses: z.array(use),
});

export const accountState = z.object({ login: z.string(), state: account.shape.state });
export const madeAccount = z.object({
  ...{ id: z.string(), login: z.string() },
  appPassword: z.string().optional().meta({ description: 'Shown once.' }),
});
export const madeAppPassword = z.object({
  ...{ login: z.string(), id: z.string(), label: z.string(), expiresAt: optionalTime },
  appPassword: z.string().meta({ description: 'Shown once.' }),
});
export const revoked = z.object({
  ...{ login: z.string(), id: z.string(), label: z.string() },
  kind: z.literal('appPassword').optional(),
});
export const secondFactor = z.object({
  login: z.string(),
  totp: z.object({ since: time }).optional().meta({ description: 'Absent: no authenticator app.' }),
  passkeys: z.array(z.object({ id: z.string(), label: z.string(), since: time })),
  recoveryCodes: z.int().meta({ description: 'How many are left.' }),
});
export const secondFactorReset = z.object({
  login: z.string(),
  removed: z.array(z.string()).meta({ description: 'Ids of the credentials.' }),
});
export const allRevoked = z.object({
  login: z.string(),
  revoked: z.array(z.object({ id: z.string(), label: z.string() })),
});
export const accountLimits = z.object({ login: z.string(), limits: z.record(z.string(), limit) });
export const accountRights = z.object({
  login: z.string(),
  rights: z.array(z.object({ kind: z.enum(['address', 'granted', 'domain']), right: z.string() })),
});
export const removal = z.object({
  ...{ login: z.string(), credentials: z.int(), queued: z.int(), restorableUntil: time },
  addresses: z.array(z.object({ address: z.string(), others: z.array(z.string()) })),
});
export const removed = removal.extend({ state: account.shape.state });
export const restored = z.object({
  login: z.string(),
  state: account.shape.state,
  rights: z.array(z.string()),
});
export const tokenList = z.object({
  login: z.string(),
  tokens: z.array(
    z.object({
      ...{ id: z.string(), label: z.string(), scopes: z.array(z.enum(tokenScopes)), createdAt: time },
      ...{ expiresAt: optionalTime, disabled },
      lastUse: lastUse.optional(),
    }),
  ),
});

export const sessionName = text(20).meta({ description: 'As `listSessions` names it.', example: 'pL3xq-9a' });

export const sessionList = z.object({
  login: z.string(),
  sessions: z.array(
    z.object({
      ...{ name: z.string(), beganAt: time, usedAt: time, endsAt: time },
      by: z.string().meta({
        description:
          'What let him in: `password`, `password and code`, `password and recovery code`, `password and passkey`, `link`.',
      }),
      ...{ address: z.string(), browser: z.string() },
    }),
  ),
});

export const endedSession = z.object({ login: z.string(), session: z.string() });

export const tracedMessage = z.looseObject({
  ...{ id: z.string(), acceptedAt: time, identityId: z.string().optional() },
  accepted: z.looseObject({}).optional().meta({ description: 'Absent: retention or erasure took it.' }),
  recipients: z.array(z.looseObject({})),
  events: z.array(z.looseObject({ type: z.string(), time })),
});
export const traced = {
  identities: z.array(z.looseObject({ id: z.string(), login: z.string(), state: z.string() })),
  messages: z.array(tracedMessage),
  refusals: z.array(z.looseObject({ type: z.string(), time })),
};

export const status = z.looseObject({
  version: z.string(),
  startedAt: time,
  health: z.looseObject({ problems: z.array(z.string()), warnings: z.array(z.string()) }),
});
export const settings = z.object({
  file: z.string(),
  settings: z.array(
    z.object({
      ...{ key: z.string(), value: z.string().optional(), fallback: z.string().optional() },
      line: z.int().optional().meta({ description: 'Of the file; absent: it is the default.' }),
      ...{ type: z.string(), description: z.string(), needsRestart: z.boolean(), waits: z.boolean() },
    }),
  ),
  of: z.int().meta({ description: 'How many keys there are.' }),
  warnings: z.array(z.string()),
});
export const trailEnds = z.object({
  chains: z.array(
    z.object({
      ...{ chain: z.int(), name: z.string(), startedAt: time, events: z.int(), lastLink: z.string() },
    }),
  ),
});
const details = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
export const looks = z.object({
  looks: z.array(
    z.object({
      ...{ at: time, kind: z.enum(['look', 'session']) },
      by: z.string().optional().meta({ description: 'Absent: retention or erasure took it.' }),
      action: z.string().optional(),
      detail: z.record(z.string(), details).optional(),
    }),
  ),
});
export const verification = z.object({
  verification: z
    .object({
      ...{ state: z.enum(['running', 'ended', 'stopped', 'failed']), startedAt: time, by: z.string() },
      ...{ expect: z.string().optional(), events: z.int(), of: z.int(), endedAt: optionalTime },
      result: z
        .looseObject({
          ...{ events: z.int(), forgotten: z.int() },
          broken: z
            .looseObject({ because: z.string() })
            .optional()
            .meta({ description: 'Absent: all is as it was written.' }),
        })
        .optional(),
      because: z.string().optional().meta({ description: 'Why it could not be found out.' }),
    })
    .optional()
    .meta({ description: 'Absent: none was begun since the start.' }),
});
