// What `postern check` warns of although it may be served: certificates that clients will refuse, and accounts of a domain that the file has not.

import { X509Certificate } from 'node:crypto';
import type { LoadedConfig } from '../config/load.ts';
import { connectControl } from '../http/control-client.ts';
import { addressDomain } from '../policy/address.ts';
import type { Identity } from '../record/identity.ts';
import { readCertificates } from '../server/plan-of-config.ts';
import { openEngine } from '../store/engine.ts';
import { engineOf } from '../store/engine-choice.ts';
import type { Lookups } from '../store/lookups.ts';
import { everybody } from '../administration/identities.ts';

/** Self-signed ones, and names that are served without a certificate for them. */
export function certificateWarnings(loaded: LoadedConfig): readonly string[] {
  const { config } = loaded;
  const certificates = readCertificates(loaded).map(({ cert }) => new X509Certificate(cert));
  if (certificates.length === 0) return [];
  const files = [config.tls ?? []].flat();
  const selfSigned = certificates.flatMap((certificate, at) =>
    isSelfSigned(certificate)
      ? `the certificate ${files[at]?.cert ?? ''} is self-signed: mail programs refuse it, or ask each user; good for tests, for others get one of a certificate authority`
      : [],
  );
  const without = servedNames(loaded)
    .filter((name) => certificates.every((one) => one.checkHost(name) === undefined))
    .map((name) => `no certificate is valid for ${name}, which is served: clients that ask for it refuse it`);
  return [...selfSigned, ...without];
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
}

/** The server's own name is looked at where certificates are, also while it runs. */
function servedNames({ config }: LoadedConfig): readonly string[] {
  if (config.web?.tls !== true) return [];
  const prefixes = ['autoconfig', 'autodiscover'];
  if (config.onboarding.pacc !== 'off') prefixes.push('ua-auto-config');
  if (config.onboarding.mtaSts !== undefined) prefixes.push('mta-sts');
  return config.domains.flatMap((domain) => prefixes.map((prefix) => `${prefix}.${domain}`));
}

const SHOWN_MAX = 5;

/** Accounts whose domain was taken out of `domains`: they can log in and send as nobody. Nothing is warned of while there is no store. */
export async function accountWarnings(loaded: LoadedConfig): Promise<readonly string[]> {
  const opened = await openLookups(loaded);
  if (opened === undefined) return [];
  try {
    const ours = new Set(loaded.config.domains);
    const users = new Map<string, string[]>();
    for (const identity of (await everybody(opened.lookups)).filter(({ state }) => state !== 'removed'))
      for (const domain of domainsOf(identity))
        if (!ours.has(domain)) users.set(domain, [...(users.get(domain) ?? []), identity.login]);
    return [...users].map(([domain, logins]) => {
      const more = logins.length > SHOWN_MAX ? ` and ${logins.length - SHOWN_MAX} more` : '';
      return `${domain} is not in \`domains\`, but accounts use it, which can't send as it now: ${logins.slice(0, SHOWN_MAX).join(', ')}${more}`;
    });
  } finally {
    opened.close();
  }
}

/** Of the running server, or read here; undefined: there is no store, or it is of another version, which the server tells when it starts. */
async function openLookups(
  loaded: LoadedConfig,
): Promise<{ readonly lookups: Pick<Lookups, 'identities'>; close(): void } | undefined> {
  try {
    const server = await connectControl(loaded.path(loaded.config.data));
    if (server !== undefined) return { lookups: server.lookups, close: () => undefined };
    const engine = await openEngine(engineOf(loaded));
    if (!(await engine.exists())) return undefined;
    const lookups = await engine.lookups();
    return { lookups, close: () => lookups.close() };
  } catch {
    return undefined;
  }
}

function domainsOf({ login, rights }: Pick<Identity, 'login' | 'rights'>): ReadonlySet<string> {
  const addresses = rights.flatMap((right) => (right.kind === 'domain' ? [] : [right.address]));
  const domains = rights.flatMap((right) => (right.kind === 'domain' ? [right.domain] : []));
  return new Set([
    ...[login, ...addresses].filter((name) => name.includes('@')).map((address) => addressDomain(address)),
    ...domains,
  ]);
}
