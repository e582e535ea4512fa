// What must be true before anything listens: the policy withstands its own hostile probes, the certificates fit and are good.

import { X509Certificate } from 'node:crypto';
import { failureInWords } from '../base/failure-words.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { hostileProbes } from '../policy/self-test.ts';
import { readCertificates } from './plan-of-config.ts';
import { type CertificatePair, unusedPairs } from './tls-contexts.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Certificates are renewed when a third of their lifetime is left: whoever has less than a quarter was forgotten (TLS-r). */
const LATE_SHARE = 1 / 4;
const LATE_MS_MAX = 21 * DAY_MS;

export interface CheckResult {
  /** The server must not start with it. */
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

/** Judges the files as they are. Never throws: during a renewal they may be missing or half written. */
export function checkCertificates(loaded: LoadedConfig, now: number): CheckResult {
  try {
    const { ill, warnings } = judgeCertificates(readCertificates(loaded), loaded.config, now);
    return { problems: [], warnings: [...ill, ...warnings] };
  } catch (error) {
    return { problems: [failureInWords(error)], warnings: [] };
  }
}

export interface CertificateJudgement {
  /** Clients reject it now. */
  readonly ill: readonly string[];
  /** No client rejects it yet. */
  readonly warnings: readonly string[];
}

/** A renewal is late when less than `LATE_SHARE` of the lifetime is left: one certificate lives six days, another a year. Throws if one can't be read. */
export function judgeCertificates(
  pairs: readonly CertificatePair[],
  { hostname, tls }: Pick<Config, 'hostname' | 'tls'>,
  now: number,
): CertificateJudgement {
  const certificates = pairs.map(({ cert }) => new X509Certificate(cert));
  const ill: string[] = [];
  const warnings: string[] = [];
  for (const certificate of certificates) {
    const left = leftOf(certificate, now);
    const name = namesOf(certificate);
    if (left < 0) ill.push(`the certificate for ${name} has expired: clients refuse it`);
    else if (isLate(certificate, now))
      warnings.push(`the certificate for ${name} expires in ${inWords(left)}, and was not renewed yet`);
  }
  if (certificates[0]?.checkHost(hostname) === undefined && certificates.length > 0)
    warnings.push(`the first certificate is not valid for ${hostname}: clients will refuse it`);
  const files = [tls ?? []].flat();
  for (const at of unusedPairs(pairs))
    warnings.push(
      `tls: ${files[at]?.cert} is never used: certificates before it have all its names (two kinds of key are served for the names of the first pair)`,
    );
  return { ill, warnings };
}

/** As a person says them: without the kinds that stand before each. */
const namesOf = ({ subjectAltName, subject }: X509Certificate): string =>
  (subjectAltName ?? subject)
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''))
    .join(', ');

const isLate = (certificate: X509Certificate, now: number): boolean =>
  leftOf(certificate, now) < Math.min(LATE_MS_MAX, LATE_SHARE * lifetimeOf(certificate));

export interface CertificateState {
  readonly names: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** It should have been renewed by now. */
  readonly isLate: boolean;
}

/** Throws if one can't be read. */
export function certificateStates(
  pairs: readonly CertificatePair[],
  now: number,
): readonly CertificateState[] {
  return pairs.map(({ cert }) => {
    const certificate = new X509Certificate(cert);
    const names = namesOf(certificate);
    return { names, endsAt: Date.parse(certificate.validTo), isLate: isLate(certificate, now) };
  });
}

export interface CertificateTime {
  /** Until the first of them expires. */
  readonly leftMs: number;
  /** The smallest part of a lifetime that is left, 0 to 1. */
  readonly share: number;
}

/** Undefined: there is none. */
export function certificateTime(pairs: readonly CertificatePair[], now: number): CertificateTime | undefined {
  const certificates = pairs.map(({ cert }) => new X509Certificate(cert));
  if (certificates.length === 0) return undefined;
  const shares = certificates.map((one) => Math.max(0, leftOf(one, now)) / lifetimeOf(one));
  return {
    leftMs: Math.min(...certificates.map((one) => leftOf(one, now))),
    share: Math.min(...shares),
  };
}

const leftOf = (certificate: X509Certificate, now: number): number => Date.parse(certificate.validTo) - now;

const lifetimeOf = ({ validFrom, validTo }: X509Certificate): number =>
  Math.max(1, Date.parse(validTo) - Date.parse(validFrom));

const inWords = (ms: number): string =>
  ms < 2 * DAY_MS ? `${Math.floor(ms / HOUR_MS)} hours` : `${Math.floor(ms / DAY_MS)} days`;
