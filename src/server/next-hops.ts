// Which next hops there are by the configuration in force, by the names that the log, the metrics and `postern status` have for them, and which domains' mail each takes.

import type { Config, DestinationConfig } from '../config/schema.ts';
import { hopName } from '../relay/settings.ts';
import type { HopDomains } from '../store/hop-domains.ts';
import { lmtpHop, smtpHop } from './hop-of-url.ts';

const known = new WeakMap<object, readonly HopDomains[]>();

/** Of each domain one takes the mail. The first takes all that no other does. */
export function nextHops({ relay }: Pick<Config, 'relay'>): readonly HopDomains[] {
  const before = known.get(relay);
  if (before !== undefined) return before;
  const hops = hopsOf(relay);
  known.set(relay, hops);
  return hops;
}

function hopsOf(relay: Config['relay']): readonly HopDomains[] {
  const usual = nameOf(relay);
  const routes = Object.entries(relay.routes).map(([domain, to]) => ({ domain, name: nameOf(to) }));
  const ofRoutes = Map.groupBy(routes, ({ name }) => name);
  ofRoutes.delete(usual);
  const others = [...ofRoutes].map(([name, some]): HopDomains => ({
    ...{ name, takes: 'these' },
    domains: some.map(({ domain }) => domain),
  }));
  return [{ name: usual, takes: 'others', domains: others.flatMap(({ domains }) => domains) }, ...others];
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
