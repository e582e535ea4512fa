// The TLS handshake with one candidate: verified against the names that its source allows, within a time limit, or not at all. Nothing in the
// client's options can lower this (C-ORD-6, C-ORD-8).

import type { PeerTls, Wire } from '../platform/network.ts';
import type { Clock } from '../platform/platform.ts';
import { CandidateFailed, tlsFailureOf } from './failures.ts';
import type { Candidate } from './server.ts';

export interface HandshakeSettings {
  readonly candidate: Candidate;
  readonly clock: Clock;
  readonly ca: string | undefined;
  readonly connectMs: number;
}

/** Rejects with `CandidateFailed`. */
export async function secure(wire: Wire, settings: HandshakeSettings): Promise<PeerTls> {
  const { candidate, ca, clock, connectMs } = settings;
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    const tooLate = (): void =>
      reject(new CandidateFailed('closedBeforeTls', `no TLS handshake within ${connectMs / 1000} s`));
    cancel = clock.after(connectMs, tooLate);
  });
  let tls: PeerTls;
  try {
    const { host, identities } = candidate;
    const secured = wire.startTls({
      ...{ serverName: host, verify: true, identities },
      ...(ca === undefined ? {} : { ca }),
    });
    tls = await Promise.race([secured, late]);
  } catch (error) {
    throw error instanceof CandidateFailed ? error : tlsFailureOf(error);
  } finally {
    cancel();
  }
  // A failed verification has already rejected; this check only makes sure.
  if (!tls.verified) throw new CandidateFailed('certificate', 'the certificate was not verified');
  return tls;
}
