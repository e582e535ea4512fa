// Settings of the relay: plain data from the configuration, which crosses into the fronts.

/** One server that takes our mail. */
export interface Hop {
  readonly protocol: 'smtp' | 'lmtp';
  /** A name or an address; absent: `path` is a Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly tls: 'implicit' | 'required' | 'opportunistic' | 'none';
  /** The certificate must be valid for `host`. */
  readonly verify: boolean;
  readonly auth?: { readonly user: string; readonly password: string };
}

export type Route =
  /** Tried in this order. */
  | { readonly type: 'hops'; readonly hops: readonly Hop[] }
  | { readonly type: 'files'; readonly directory: string };

export interface RelaySettings {
  readonly hostname: string;
  /** Our domains, lower-case A-labels: mail of role mx goes nowhere else. */
  readonly domains: readonly string[];
  readonly route: Route;
  /** By domain, lower-case A-labels; wins over `route`. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Delays between attempts, ms; the last one repeats. */
  readonly retryMs: readonly number[];
  readonly expireMs: number;
  readonly delayNoticeMs: number;
  /** Connections to one hop at a time, of this front. */
  readonly connectionsMax: number;
  /** Octets of accepted messages that may wait in memory, of this front. */
  readonly memoryOctets: number;
  /** Gets reports that no sender can get. */
  readonly postmaster?: string;
  /** Trusted beside the system's certificates, PEM. */
  readonly ca?: string;
}

/** Names a hop in logs and traces. */
export function hopName({ protocol, host, port, path }: Hop): string {
  return `${protocol} ${path ?? `${host}:${port}`}`;
}

const keys = new WeakMap<Route, string>();

/** Equal for routes that are equal in everything, credentials and TLS too: they share connections, and their recipients share one copy of a message. */
export function routeKey(route: Route): string {
  const known = keys.get(route);
  if (known !== undefined) return known;
  const key = JSON.stringify(route);
  keys.set(route, key);
  return key;
}
