// The pages of the console and its acts. One more is a file in `pages` and a row here.

import type { Act, Page } from './page.ts';
import { accessRecord } from './pages/access-record.ts';
import { backup } from './pages/backup.ts';
import { changeIdentity } from './pages/identity-acts.ts';
import { domain } from './pages/domain.ts';
import { checkDomain, lookUpSelector, saveSheet } from './pages/domain-acts.ts';
import { domains } from './pages/domains.ts';
import { identity } from './pages/identity.ts';
import { addIdentity, newIdentity } from './pages/identity-new.ts';
import { overview } from './pages/overview.ts';
import { ownActs, ownPages } from './pages/me/routes.ts';
import { queue } from './pages/queue.ts';
import { changeQueue } from './pages/queue-acts.ts';
import { queuedMessage } from './pages/queued-message.ts';
import { server } from './pages/server.ts';
import { settings } from './pages/settings.ts';
import { trace, traceText } from './pages/trace.ts';
import { trail } from './pages/trail.ts';
import { exportEvents, verifyTrail } from './pages/trail-acts.ts';

/** In the order of the menu. */
export const pages: readonly Page[] = [
  overview,
  trace,
  queue,
  identity,
  domains,
  trail,
  server,
  settings,
  queuedMessage,
  newIdentity,
  accessRecord,
  domain,
  ...ownPages,
];

export const acts: readonly Act[] = [
  ...[traceText, changeQueue, changeIdentity, addIdentity, ...ownActs, backup],
  ...[verifyTrail, exportEvents, checkDomain, lookUpSelector, saveSheet],
];
