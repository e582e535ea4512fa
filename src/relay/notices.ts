// Which results of an attempt are reported: those that the sender wants by RFC 3461, never to a null sender, never to somebody who asked for
// none (E-Q-4, E-D-2).

import type { ReportRecipient } from '../message/report.ts';
import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { Attempt } from './delivery-job.ts';
import type { RelaySettings } from './settings.ts';

export type Told = Attempt & { readonly final: 'delivered' | 'relayed' | 'failed' | 'expired' | 'deferred' };

export function reportable({ recipient }: Delivery, told: Told): ReportRecipient['action'] | undefined {
  const { notify } = recipient;
  switch (told.final) {
    case 'failed':
    case 'expired':
      return notify === undefined || notify.includes('FAILURE') ? 'failed' : undefined;
    case 'deferred':
      return notify === undefined || notify.includes('DELAY') ? 'delayed' : undefined;
    case 'delivered':
      return notify?.includes('SUCCESS') === true ? 'delivered' : undefined;
    case 'relayed':
      return notify?.includes('SUCCESS') === true && told.reportsPassedOn !== true ? 'relayed' : undefined;
  }
}

/** A report of this server: nobody submitted it. */
export function isOwnReport({ role, identityId, envelope }: QueuedMessage): boolean {
  return role === 'local' && identityId === undefined && envelope.reversePath === '';
}

export function noticeOf(
  message: QueuedMessage,
  delivery: Delivery,
  told: Told,
  settings: Pick<RelaySettings, 'expireMs'>,
): ReportRecipient | undefined {
  const action = message.envelope.reversePath === '' ? undefined : reportable(delivery, told);
  return action === undefined ? undefined : aboutOf(message, delivery, told, action, settings);
}

export function aboutOf(
  message: QueuedMessage,
  { recipient }: Delivery,
  { status, diagnostic, remote }: Attempt,
  action: ReportRecipient['action'],
  { expireMs }: Pick<RelaySettings, 'expireMs'>,
): ReportRecipient {
  const { forwardPath, originalRecipient } = recipient;
  return {
    ...{ forwardPath, action, status, diagnostic },
    ...(originalRecipient === undefined ? {} : { originalRecipient }),
    ...(remote === undefined ? {} : { remote }),
    ...(action === 'delayed' ? { retryUntil: message.acceptedAt + expireMs } : {}),
  };
}
