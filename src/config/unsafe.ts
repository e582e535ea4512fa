// Combinations that are impossible or unsafe although each key is fine by itself. Each finding names the key and the way out.

import { DAY } from '../base/duration.ts';
import { isIP } from '../base/network.ts';
import { dkimFindings } from './dkim.ts';
import { portsOf, portsTakenTwice } from './ports.ts';
import type { Config, DestinationConfig } from './schema.ts';
import { storeFindings } from './store.ts';

export interface Finding {
  /** Keys from the root. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const RETENTION_FLOOR_MS = 7 * DAY;

type Rule = (config: Config) => readonly Finding[];

const localRule: Rule = ({ local }) => {
  const seen = new Set<string>();
  return (local?.services ?? []).flatMap(({ osUser }, at) => {
    const twice = seen.has(osUser);
    seen.add(osUser);
    return twice
      ? [
          {
            path: ['local', 'services', at, 'osUser'],
            message: `${osUser} is bound twice: one user is one identity`,
          },
        ]
      : [];
  });
};

/** Who may send a PROXY header says whose a connection is. */
const proxyRule: Rule = ({ listeners }) =>
  listeners.flatMap(({ proxy }, at) =>
    proxy.flatMap((network, number) =>
      network.endsWith('/0')
        ? [
            {
              path: ['listeners', at, 'proxy', number],
              message: `${network} is everybody, who could claim any address: name the networks of the balancers alone`,
            },
          ]
        : [],
    ),
  );

/** Passwords are typed there. */
const consoleRule: Rule = ({ console }) => {
  if (console === 'off') return [];
  const { address, origin, tls } = console;
  return [
    ...(tls || isLoopback(address)
      ? []
      : [
          {
            path: ['console', 'address'],
            message: `${address} is no loopback address, and in clear anybody on the way could take passwords and sessions: add \`tls: true\`, or leave the address out and reach it through \`ssh -L ${console.port}:127.0.0.1:${console.port} HOST\``,
          },
        ]),
    ...(origin?.startsWith('http:') === true && !isLoopbackOrigin(origin)
      ? [
          {
            path: ['console', 'origin'],
            message: 'in clear anybody on the way could take the session: use https',
          },
        ]
      : []),
  ];
};

function isLoopbackOrigin(origin: string): boolean {
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) !== 0 && isLoopback(hostname));
}

const rules: readonly Rule[] = [
  consoleRule,
  localRule,
  proxyRule,
  ({ store }) => storeFindings(store),
  (config) =>
    config.listeners.flatMap((listener, at) =>
      listener.role === 'submission' && listener.tls === 'none'
        ? [
            {
              path: ['listeners', at, 'tls'],
              message:
                'a submission listener without TLS would take passwords in clear (RFC 8314, BCP 134 section 5): use starttls or implicit',
            },
          ]
        : [],
    ),
  (config) =>
    config.tls === undefined && config.listeners.some(({ tls }) => tls !== 'none')
      ? [
          {
            path: ['tls'],
            message:
              'a certificate is needed: `tls: { cert: FILE, key: FILE }`, or run `postern init` to make one',
          },
        ]
      : [],
  (config) =>
    portsTakenTwice(portsOf(config)).map(([{ path, address, port }, earlier]) => ({
      path: [...path, 'port'],
      message: `port ${port} of ${placeOf(address)} is taken already by ${earlier.path.join('.')} (${placeOf(earlier.address)}): give it another one`,
    })),
  (config) => {
    const open = config.listeners.filter(
      ({ role, address }) => role === 'submission' && !isLoopback(address),
    );
    return open.length > 0 && !open.some(({ port }) => port === 587)
      ? [
          {
            path: ['listeners'],
            message:
              'submission on port 587 is missing (BCP 134 section 3.1 asks for it): add `{ port: 587 }`',
          },
        ]
      : [];
  },
  (config) => [
    ...destinationFindings(config.relay, ['relay']),
    ...Object.entries(config.relay.routes).flatMap(([domain, route]) =>
      destinationFindings(route, ['relay', 'routes', domain]),
    ),
  ],
  (config) =>
    config.audit.retention < RETENTION_FLOOR_MS + config.relay.expire
      ? [
          {
            path: ['audit', 'retention'],
            message:
              'it must be at least 7d plus `relay.expire`, so that mail can be traced as long as it may still arrive (BCP 134 section 3.1)',
          },
        ]
      : [],
  (config) =>
    config.limits.header > config.limits.message
      ? [{ path: ['limits', 'header'], message: 'the header limit is larger than the message limit' }]
      : [],
  ({ dkim, domains }) => dkimFindings(dkim, domains),
  ({ web, tls }) => {
    if (web === undefined) return [];
    return [
      ...(web.tls && tls === undefined
        ? [{ path: ['web', 'tls'], message: 'it needs a certificate: `tls: { cert: FILE, key: FILE }`' }]
        : []),
      ...(!web.tls && !isLoopback(web.address) && !isPrivate(web.address)
        ? [
            {
              path: ['web', 'tls'],
              message:
                'without TLS anybody on the way could name another server: use `tls: true`, or a loopback or private `address` behind a proxy',
            },
          ]
        : []),
    ];
  },
  ({ onboarding, listeners }) =>
    onboarding.pacc !== 'off' &&
    !listeners.some(({ role, port, tls }) => role === 'submission' && port === 465 && tls === 'implicit')
      ? [
          {
            path: ['onboarding', 'pacc'],
            message:
              'that document names no port, so that clients take 465: add `{ port: 465, tls: implicit }`',
          },
        ]
      : [],
];

const placeOf = (address: string | undefined): string => address ?? 'all addresses';

/** RFC 1918, RFC 4193. */
function isPrivate(address: string | undefined): boolean {
  return address !== undefined && /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(address);
}

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address.startsWith('127.') || address === '::1');
}

function destinationFindings(destination: DestinationConfig, path: readonly string[]): readonly Finding[] {
  const given = (['smarthost', 'lmtp', 'files'] as const).filter((key) => destination[key] !== undefined);
  if (given.length === 1) return routeTlsFindings(destination, path);
  const message =
    given.length === 0
      ? 'one of `smarthost`, `lmtp` or `files` is needed'
      : `only one of ${given.map((key) => `\`${key}\``).join(', ')} may be given`;
  return [{ path, message }];
}

/** What a route says of TLS must not be less than what its URLs need. */
function routeTlsFindings(
  { smarthost, lmtp, files, tls }: DestinationConfig,
  path: readonly string[],
): readonly Finding[] {
  if (tls === undefined) return [];
  const urls = [smarthost ?? lmtp ?? []].flat();
  const finding = (message: string): readonly Finding[] => [{ path: [...path, 'tls'], message }];
  if (files !== undefined) return finding('`files` makes no connection: leave it out');
  if (tls !== 'none' && urls.some((url) => url.startsWith('unix:')))
    return finding('a Unix socket has no TLS: leave it out');
  if (tls !== 'verified' && urls.some((url) => url.startsWith('smtps:')))
    return finding('`smtps:` is TLS with a verified certificate: use `verified`, or leave it out');
  if ((tls === 'none' || tls === 'opportunistic') && urls.some((url) => url.includes('@')))
    return finding(
      'a password never goes out in clear, nor to whoever answers: use `verified`, or leave it out',
    );
  return [];
}

export function unsafe(config: Config): readonly Finding[] {
  return rules.flatMap((rule) => rule(config));
}
