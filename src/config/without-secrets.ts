// The configuration as it may be shown, and sent where secrets have no business: passwords are taken out, and that there is one is still to be seen.

import type { Config, DestinationConfig } from './schema.ts';

/** Stands where a password stood. A password in a file or the environment is named, and no secret itself. */
export const TAKEN_OUT = '(not shown)';

export function withoutSecrets(config: Config): Config {
  const { relay, store } = config;
  const routes = Object.fromEntries(
    Object.entries(relay.routes).map(([domain, route]) => [domain, destinationWithout(route)]),
  );
  return {
    ...config,
    relay: { ...destinationWithout(relay), routes },
    store: store === 'embedded' ? store : { ...store, postgres: postgresWithout(store.postgres) },
  };
}

function destinationWithout<T extends DestinationConfig>({ smarthost, lmtp, password, ...others }: T): T {
  return {
    ...others,
    ...(smarthost === undefined ? {} : { smarthost: urlsWithout(smarthost) }),
    ...(lmtp === undefined ? {} : { lmtp: urlsWithout(lmtp) }),
    ...(password === undefined ? {} : { password: typeof password === 'string' ? TAKEN_OUT : password }),
  } as T;
}

const urlsWithout = (urls: string | string[]): string | string[] =>
  typeof urls === 'string' ? urlWithout(urls) : urls.map(urlWithout);

/** To the last `@`: a password that was written wrongly may hold one. */
const urlWithout = (url: string): string => url.replace(/^([^:]+:\/\/[^:/?#@]*):.*@/, '$1@');

type Postgres = Exclude<Config['store'], 'embedded'>['postgres'];

function postgresWithout(postgres: Postgres): Postgres {
  if (typeof postgres === 'string') return urlWithout(postgres);
  return typeof postgres.password === 'string' ? { ...postgres, password: TAKEN_OUT } : postgres;
}
