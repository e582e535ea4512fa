// The document of draft-ietf-mailmaint-pacc, behind a flag while it is a draft. Its octets are named by a digest in the DNS, so that they must not
// change by themselves: keys stand in a fixed order. It gives hosts only; the ports are those of implicit TLS (requirements G-25).

import { createHash } from 'node:crypto';
import type { OnboardingSettings } from './settings.ts';

/** Undefined: not asked for. */
export function pacc(settings: OnboardingSettings, domain: string): string | undefined {
  if (settings.pacc === undefined) return undefined;
  const host = (protocol: 'imap' | 'pop3' | 'smtp', port: number): { host: string } | undefined => {
    const found = [...settings.incoming, ...settings.outgoing].find(
      (service) => service.protocol === protocol && service.tls === 'implicit' && service.port === port,
    );
    return found === undefined ? undefined : { host: found.host };
  };
  const name = settings.displayName ?? domain;
  // Keys without a value fall away.
  return `${JSON.stringify(
    {
      protocols: { imap: host('imap', 993), pop3: host('pop3', 995), [settings.pacc]: host('smtp', 465) },
      authentication: { password: true },
      info: {
        provider: { name, shortName: name },
        help: settings.help === undefined ? undefined : { documentation: settings.help },
      },
    },
    undefined,
    2,
  )}\n`;
}

/** The TXT record of `_ua-auto-config.DOMAIN`. */
export function paccDigest(document: string): string {
  return `v=UAAC1; a=sha256; d=${createHash('sha256').update(document).digest('base64')}`;
}
