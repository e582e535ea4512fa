// Which next hop mail to a domain takes by the configuration in force, by the name that the log, the metrics and `postern status` have for it.

import type { Config, DestinationConfig } from '../config/schema.ts';
import { hopName } from '../relay/settings.ts';
import { lmtpHop, smtpHop } from './hop-of-url.ts';

export function hopOfDomain({ relay }: Pick<Config, 'relay'>, domain: string): string {
  const { routes } = relay;
  const own = Object.hasOwn(routes, domain) ? routes[domain] : undefined;
  return nameOf(own ?? relay);
}

/** The password is no part of a name: it may be taken out, or stand in a file. */
function nameOf({ smarthost, lmtp, files }: DestinationConfig): string {
  if (files !== undefined) return 'files';
  const named = (urls: string | readonly string[], hopOf: typeof lmtpHop): string =>
    [urls]
      .flat()
      .map((url) => hopName(hopOf(url, 'relay')))
      .join(', ');
  if (lmtp !== undefined) return named(lmtp, lmtpHop);
  return named(smarthost ?? [], (url, key) => smtpHop(url, 'not needed', key));
}
