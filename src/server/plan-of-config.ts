// From the configuration to the plan of the fronts: files are read here, once, in main; the fronts get plain data.

import { statSync } from 'node:fs';
import { ConfigError } from '../config/find.ts';
import type { LoadedConfig } from '../config/load.ts';
import { serves } from '../config/roles.ts';
import type { DestinationConfig } from '../config/schema.ts';
import { readNamed, underKey } from '../config/named-file.ts';
import { isOpenToAll, readSecret } from '../config/secrets.ts';
import type { Hop, RelaySettings, Route } from '../relay/settings.ts';
import type { LimitValues } from '../policy/limits.ts';
import { lmtpHop, smtpHop } from './hop-of-url.ts';
import { pairProblem } from './certificate-pair.ts';
import { readDkimKeys } from './dkim-keys.ts';
import type { FrontPlan } from './plan.ts';
import type { StoreLimits } from './store-body.ts';
import type { CertificatePair } from './tls-contexts.ts';

const HEADERS_IN_MEMORY_MIN = 4;

export interface PlanOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fronts: number;
  readonly ticketKeys: Uint8Array;
  /** As many connections as there are descriptors for; absent: as many as are configured. */
  readonly connections?: number;
}

/** Throws `ConfigError` if a file is missing or a URL is none. */
export function planOf(loaded: LoadedConfig, o: PlanOptions): FrontPlan {
  const { environment, fronts, ticketKeys } = o;
  const { config } = loaded;
  const { limits, timeouts } = config;
  const { connections = limits.connections } = o;
  const incomingMemory = incomingMemoryOf(limits, fronts);
  return {
    hostname: config.hostname,
    domains: config.domains,
    listeners: config.listeners.map(({ address, ...listener }) => ({ address, ...listener })),
    share: fronts > 1,
    certificates: readCertificates(loaded),
    ticketKeys,
    dkim: readDkimKeys(loaded),
    tlsHandshakeMs: timeouts.tlsHandshake,
    session: {
      messageOctetsMax: limits.message,
      recipientsMax: limits.recipients,
      timeouts: {
        ...{ beforeAuthMs: timeouts.beforeAuth, loginMs: timeouts.login },
        ...{ idleMs: timeouts.idle, replyMs: timeouts.reply },
      },
      errorsMax: { beforeAuth: limits.errors.beforeAuth, afterAuth: limits.errors.afterAuth },
      authFailuresMax: limits.errors.authentications,
    },
    mechanisms: config.mechanisms,
    longLines: {
      // What a user's program writes into a header it can mend; a stranger's is passed on whole (5321-ae).
      submission: limits.longLines.submission === 'pass' ? 'passInBody' : 'refuse',
      mx: limits.longLines.mx,
    },
    submission: {
      headerOctetsMax: limits.header,
      receivedMax: limits.receivedHops,
      received: config.received,
      displayNames: config.displayNames,
      limits: limitValues(limits.identity),
    },
    admission: {
      unauthenticatedPerNetwork: limits.unauthenticatedPerNetwork,
      newPerMinute: limits.newConnections === 'none' ? undefined : limits.newConnections,
      perIdentity: limits.connectionsPerIdentity,
      total: connections,
      totalOfStrangers: Math.floor(connections * limits.strangersShare),
      exempt: limits.exempt,
    },
    incomingMemory,
    strangersMemory: Math.floor(incomingMemory * limits.strangersShare),
    mailboxes: config.postmaster === undefined ? config.mailboxes : [...config.mailboxes, config.postmaster],
    ...(config.postmaster === undefined ? {} : { postmaster: config.postmaster }),
    ...(serves(loaded, 'relay') ? { relay: relaySettingsOf(loaded, environment, fronts) } : {}),
    logLevel: config.log.level,
  };
}

/** A front's part of it: never so little that a message's header has no room. */
function incomingMemoryOf(
  { incomingMemory, header }: LoadedConfig['config']['limits'],
  fronts: number,
): number {
  return Math.max(Math.floor(incomingMemory / fronts), HEADERS_IN_MEMORY_MIN * header);
}

export function storeLimitsOf({ config }: LoadedConfig): StoreLimits {
  const { freeSpace, queuedMessages, strangersShare } = config.limits;
  return {
    freeSpaceFloor: { share: freeSpace.share, octets: freeSpace.size },
    queuedMessagesMax: queuedMessages,
    strangersMessagesMax: queuedMessages === 'none' ? 'none' : Math.ceil(queuedMessages * strangersShare),
  };
}

function limitValues(given: Readonly<Record<keyof LimitValues, number | 'none'>>): LimitValues {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== 'none'));
}

export function readCertificates({ config, path }: LoadedConfig): readonly CertificatePair[] {
  if (config.tls === undefined) return [];
  return [config.tls].flat().map(({ cert, key }) => {
    const pair = { cert: readNamed('tls', path(cert)), key: readNamed('tls', path(key)) };
    // A key that everybody can read is everybody's key (F-OPS-1).
    if (isOpenToAll(statSync(path(key))))
      throw new ConfigError([`tls: ${path(key)}: it is readable by everybody: chmod o= it`]);
    const problem = pairProblem({ file: path(cert), pem: pair.cert }, { file: path(key), pem: pair.key });
    if (problem !== undefined) throw new ConfigError([`tls: ${problem}`]);
    return pair;
  });
}

export function relaySettingsOf(
  loaded: LoadedConfig,
  environment: PlanOptions['environment'],
  fronts: number,
): RelaySettings {
  const { config, path } = loaded;
  const { relay } = config;
  const routeFor = (destination: DestinationConfig, key: string): Route =>
    routeOfDestination(destination, key, loaded, environment);
  return {
    hostname: config.hostname,
    domains: config.domains,
    route: routeFor(relay, 'relay'),
    routes: Object.fromEntries(
      Object.entries(relay.routes).map(([domain, destination]) => [
        domain,
        routeFor(destination, `relay.routes.${domain}`),
      ]),
    ),
    retryMs: relay.retry,
    expireMs: relay.expire,
    delayNoticeMs: relay.delayNotice,
    connectionsMax: Math.max(1, Math.floor(relay.connections / fronts)),
    memoryOctets: Math.floor(config.limits.relayMemory / fronts),
    ...(config.postmaster === undefined ? {} : { postmaster: config.postmaster }),
    ...(relay.ca === undefined ? {} : { ca: readNamed('relay.ca', path(relay.ca)) }),
  };
}

function routeOfDestination(
  destination: DestinationConfig,
  key: string,
  { path }: LoadedConfig,
  environment: PlanOptions['environment'],
): Route {
  if (destination.files !== undefined) return { type: 'files', directory: path(destination.files) };
  const { password: secret } = destination;
  const password =
    secret === undefined
      ? undefined
      : underKey(`${key}.password`, () => readSecret(secret, path, environment));
  const urls = [destination.smarthost ?? destination.lmtp ?? []].flat();
  return {
    type: 'hops',
    hops: urls.map((url) =>
      withTls(
        destination.lmtp === undefined ? smtpHop(url, password, key) : lmtpHop(url, key),
        destination.tls,
      ),
    ),
  };
}

/** With a user the certificate is verified in any case; what `tls` may say beside the URL is in `config/unsafe.ts`. */
function withTls(hop: Hop, tls: DestinationConfig['tls']): Hop {
  if (tls === undefined || hop.tls === 'implicit' || hop.path !== undefined) return hop;
  if (tls === 'none' || tls === 'opportunistic') return { ...hop, tls, verify: false };
  return { ...hop, tls: 'required', verify: tls === 'verified' || hop.auth !== undefined };
}
