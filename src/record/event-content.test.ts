// The two parts of an event: who did what, and from where. Whoever forgets or hides the second hides every address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentOf, payloadOf } from './event-content.ts';

const place = {
  ...{ clientAddress: '192.0.2.1', clientPort: 50_123, serverAddress: '198.51.100.1', serverPort: 465 },
  proxy: { address: '10.0.0.7', port: 40_000, serverAddress: '10.0.1.1', serverPort: 1465 },
  ehlo: 'client.example',
};
const rest = { sessionId: 's', role: 'submission', tls: { version: 'TLSv1.3', cipher: 'c' } };
const event = { cause: 'wrong password', session: { ...rest, ...place }, network: '192.0.2.0/24' };

test('the addresses of a session, and of the proxy it came by, are all of them in the part that tells from where', () => {
  const content = contentOf(event, () => new Uint8Array(16));
  assert.deepEqual(payloadOf(content.payload.octets, content.place?.octets), event);
  const { session, ...without } = payloadOf(content.payload.octets, undefined) as typeof event;
  assert.deepEqual([session, without], [rest, { cause: 'wrong password' }]);
});
