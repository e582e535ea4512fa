// What the simulated server is configured as: the defaults of a configuration file, and what the plan of the seed says instead.

import { parseConfig, type LoadedConfig } from '../../src/config/load.ts';
import type { RelaySettings } from '../../src/relay/settings.ts';
import type { FrontPlan } from '../../src/server/plan.ts';
import { planOf, relaySettingsOf, storeLimitsOf } from '../../src/server/plan-of-config.ts';
import type { StoreLimits } from '../../src/server/store-body.ts';
import type { Plan } from './plan.ts';
import { MINUTE, SECOND } from './time.ts';

export interface Settings {
  readonly loaded: LoadedConfig;
  readonly front: FrontPlan;
  readonly store: StoreLimits;
}

const HOSTNAME = 'msa.example.org';
const DOMAIN = 'example.org';
const CONNECTIONS = 1000;

export function settingsOf(plan: Plan): Settings {
  const config = parseConfig(
    `hostname: ${HOSTNAME}\ndomains: [${DOMAIN}]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { smarthost: smtp://mta1 }\n`,
    'simulated',
  );
  const loaded = { config, file: 'simulated', directory: '/', path: (name: string) => name };
  const base = planOf(loaded, {
    ...{ environment: {}, fronts: plan.fronts, connections: CONNECTIONS, ticketKeys: new Uint8Array(48) },
  });
  return {
    loaded,
    front: { ...base, ...ofSeed(plan, base), relay: relayOf(plan, relaySettingsOf(loaded, {}, plan.fronts)) },
    store: { ...storeLimitsOf(loaded), queuedMessagesMax: plan.queuedMessagesMax ?? 'none' },
  };
}

function ofSeed(plan: Plan, base: FrontPlan): Partial<FrontPlan> {
  return {
    listeners: [
      { address: undefined, port: 587, role: 'submission', tls: 'none' },
      ...(plan.nodes === undefined
        ? []
        : ([{ address: undefined, port: 25, role: 'mx', tls: 'none' }] as const)),
    ],
    session: {
      ...base.session,
      ...{ messageOctetsMax: plan.messageOctetsMax, recipientsMax: plan.recipientsMax },
      timeouts: { beforeAuthMs: 60 * SECOND, loginMs: 5 * MINUTE, idleMs: 5 * MINUTE, replyMs: plan.replyMs },
    },
    mechanisms: ['PLAIN'],
    submission: {
      ...{ ...base.submission, headerOctetsMax: 65_536 },
      limits: plan.messagesPerHour === undefined ? {} : { messagesPerHour: plan.messagesPerHour },
    },
    admission: { ...base.admission, unauthenticatedPerNetwork: 50, perIdentity: plan.perIdentity },
    ...{ incomingMemory: plan.incomingMemory, strangersMemory: plan.incomingMemory },
    logLevel: 'info',
  };
}

function relayOf(plan: Plan, base: RelaySettings): RelaySettings {
  const hop = (host: string) =>
    ({
      protocol: host === 'inside' ? 'lmtp' : 'smtp',
      ...{ host, port: 25, tls: host === 'inside' ? 'none' : plan.hostTls, verify: false },
    }) as const;
  return {
    ...base,
    route: { type: 'hops', hops: [hop('mta1'), hop('mta2')] },
    routes: { [DOMAIN]: { type: 'hops', hops: [hop('inside')] } },
    ...{ retryMs: plan.retryMs, expireMs: plan.expireMs, delayNoticeMs: plan.delayNoticeMs },
    ...{ connectionsMax: plan.connectionsMax, memoryOctets: plan.relayMemory },
  };
}
