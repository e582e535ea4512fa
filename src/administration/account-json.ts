// An account as programs get it, from the command line and from the API alike.

import type { Account } from './accounts.ts';
import { rightText } from './right-text.ts';

/** Times are numbers; whoever prints it writes them as others read them (`shown-json.ts`). */
export function accountJson({
  id,
  login,
  displayName,
  state,
  mailbox,
  rights,
  credentials,
  limits,
  undoSeconds = 0,
  role = 'user',
  adminOf,
  createdAt,
  removedAt,
}: Account) {
  const shown = credentials.map(
    ({ id: credentialId, kind, label, createdAt: since, expiresAt, disabled, scopes }) => ({
      id: credentialId,
      kind,
      label,
      since,
      expiresAt,
      disabled,
      scopes,
    }),
  );
  return {
    id,
    login,
    displayName,
    state,
    mailbox,
    rights: rights.map(rightText),
    credentials: shown,
    limits,
    undoSeconds,
    role,
    adminOf,
    createdAt,
    removedAt,
  };
}
