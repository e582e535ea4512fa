// Errors about a server that can't be used: what happened, and what to change.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { systemNetwork } from '../platform/network.ts';
import { CandidateFailed, errorOf } from './failures.ts';
import { openConnection } from './open-connection.ts';
import type { Candidate } from './server.ts';

const candidate = (tls: Candidate['tls'], port: number): Candidate => ({
  ...{ host: '127.0.0.1', port, tls, source: 'explicit' },
  identities: { dns: ['127.0.0.1'], srv: [] },
});

test('C-ORD-10: implicit TLS where STARTTLS is spoken: one line says what to change', async () => {
  const server = createServer((socket) =>
    socket.on('error', () => undefined).write('220 mail.example.org ESMTP\r\n'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const one = candidate('implicit', port);
    const failed = await openConnection({
      ...{ candidate: one, clock: systemClock, network: systemNetwork, ehloName: 'client.example.org' },
      ...{ credentials: undefined, ca: undefined, connectMs: 5000, greetingMs: undefined },
      transcript: undefined,
    }).catch((error: unknown) => error);
    assert.ok(failed instanceof CandidateFailed);
    const { kind, message, nextStep } = errorOf(one, failed);
    assert.equal(kind, 'tls');
    assert.equal(
      `${message}. ${nextStep}`,
      `127.0.0.1:${port} could not be secured: it answers in clear text: use STARTTLS on this port, as on 587, or a port with TLS from the first octet, as 465. Say \`tls: starttls\` for this port, or \`port: 465\`.`,
    );
  } finally {
    server.close();
  }
});

test('C-ORD-10: STARTTLS where a handshake is waited for: the silence is explained', () => {
  const { nextStep } = errorOf(candidate('starttls', 465), new CandidateFailed('noGreeting', ''));
  assert.match(
    nextStep,
    /^If this port has TLS from the first octet, as 465 has, say `tls: implicit`, or use port 587\./,
  );
  assert.doesNotMatch(
    errorOf(candidate('implicit', 465), new CandidateFailed('noGreeting', '')).nextStep,
    /implicit/,
  );
});
