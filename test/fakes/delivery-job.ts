// One message to one recipient on its way to one hop, for the parts of the relay.

import type { DeliveryJob } from '../../src/relay/delivery-job.ts';
import type { Hop, Route } from '../../src/relay/settings.ts';
import type { Delivery, QueuedMessage } from '../../src/store/port.ts';

export const START = Date.UTC(2026, 10, 24);

export const hop: Hop = { protocol: 'smtp', host: 'mta', port: 25, tls: 'none', verify: false };

export const message: QueuedMessage = {
  id: '01M85SP4CE000AEMDNNSHW0P9Z',
  acceptedAt: START,
  role: 'submission',
  envelope: { reversePath: 'alice@example.org', body: '7BIT', smtputf8: false },
  octets: 100,
  headerOctets: 20,
  headerUtf8: false,
  body8bit: false,
};

export const delivery: Delivery = {
  messageId: message.id,
  recipientNumber: 0,
  recipient: { forwardPath: 'x@far.example' },
  domain: 'far.example',
  attempt: 1,
  delayReported: false,
};

/** In memory; its subject names the recipient. */
export function jobTo(
  recipient: string,
  route: Route = { type: 'hops', hops: [hop] },
  mayGo = true,
): DeliveryJob {
  const content = Buffer.from(`Subject: ${recipient}\r\n\r\nhello\r\n`);
  return {
    message: { ...message, octets: content.length },
    deliveries: [{ ...delivery, recipient: { forwardPath: recipient } }],
    route,
    content: () => Promise.reject(new Error('it is in memory')),
    inMemory: { pieces: [content], hasDotLines: true },
    mayGo: () => mayGo,
  };
}

/** What was begun comes as far as it can without time passing. */
export async function turns(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await new Promise(setImmediate);
}
