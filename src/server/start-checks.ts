// What must be true before anything listens: the policy withstands its own hostile probes (DESIGN 3.9), the certificates fit and are good.

import { X509Certificate } from 'node:crypto';
import type { LoadedConfig } from '../config/load.ts';
import { hostileProbes } from '../policy/self-test.ts';
import { readCertificates } from './plan-of-config.ts';
import { unusedPairs } from './tls-contexts.ts';

const DAY_MS = 86_400_000;
/** Days before expiry at which it is said (TLS-r). */
const WARN_DAYS = 21;

export interface CheckResult {
  /** The server must not be started with it. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export function checkPolicy({ config }: LoadedConfig): readonly string[] {
  const domains = new Set(config.domains);
  const failures = hostileProbes({
    hostname: config.hostname,
    domains,
    displayNames: config.displayNames,
    ownAddresses: [],
  });
  return failures.map(
    ({ requirement, probe, got, source }) => `policy self-test ${requirement}: ${probe}: ${got} (${source})`,
  );
}

/** Never throws: also while a server runs, files may be away or half written for a moment when they are renewed. */
export function checkCertificates(loaded: LoadedConfig, now: number): CheckResult {
  const warnings: string[] = [];
  let certificates: readonly X509Certificate[];
  try {
    certificates = certificatesOf(loaded);
    warnings.push(...unusedCertificates(loaded));
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)], warnings };
  }
  for (const certificate of certificates) {
    const days = daysLeft(certificate, now);
    const name = certificate.subjectAltName ?? certificate.subject;
    if (days < 0) warnings.push(`the certificate for ${name} has expired: clients will refuse it`);
    else if (days < WARN_DAYS) warnings.push(`the certificate for ${name} expires in ${days} days`);
  }
  if (certificates[0]?.checkHost(loaded.config.hostname) === undefined && certificates.length > 0)
    warnings.push(`the first certificate is not valid for ${loaded.config.hostname}: clients will refuse it`);
  return { problems: [], warnings };
}

function unusedCertificates(loaded: LoadedConfig): readonly string[] {
  const files = [loaded.config.tls ?? []].flat();
  return unusedPairs(readCertificates(loaded)).map(
    (at) =>
      `tls: ${files[at]?.cert} is never used: certificates before it have all its names (two kinds of key are served for the names of the first pair)`,
  );
}

/** Until the first of them expires; undefined: there is none, or it can't be read now. */
export function certificateDays(loaded: LoadedConfig, now: number): number | undefined {
  try {
    const days = certificatesOf(loaded).map((certificate) => daysLeft(certificate, now));
    return days.length === 0 ? undefined : Math.min(...days);
  } catch {
    return undefined;
  }
}

function certificatesOf(loaded: LoadedConfig): readonly X509Certificate[] {
  return readCertificates(loaded).map(({ cert }) => new X509Certificate(cert));
}

function daysLeft(certificate: X509Certificate, now: number): number {
  return Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);
}
