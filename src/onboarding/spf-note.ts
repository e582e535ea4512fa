// Mail that leaves by a smart host leaves by addresses that the SPF record we would publish does not name: only the operator knows which.

import type { Config, DestinationConfig } from '../config/schema.ts';

type Way = Pick<DestinationConfig, 'smarthost'>;

interface Facts {
  readonly relay: Way & { readonly routes?: Readonly<Record<string, Way>> };
  readonly onboarding: Pick<Config['onboarding'], 'spf'>;
}

/** In words; undefined: there is nothing to say. */
export function spfNote({ relay, onboarding }: Facts): string | undefined {
  if (onboarding.spf !== undefined) return undefined;
  const ways: readonly Way[] = [relay, ...Object.values(relay.routes ?? {})];
  const hosts = [...new Set(ways.flatMap(({ smarthost }) => [smarthost ?? []].flat()).map(hostOf))];
  if (hosts.length === 0) return undefined;
  return `mail leaves by ${hosts.join(', ')}, which the SPF record for our domains does not name unless it is one of their MX hosts: say from where it goes out with \`onboarding: { spf: "v=spf1 mx include:_spf.example.net ~all" }\``;
}

/** Without the user that a URL may name; what is no URL may name worse. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : 'a smart host');
