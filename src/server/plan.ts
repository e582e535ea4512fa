// The plan of a front: plain data that main makes from the configuration and sends into the thread, at the start and
// again at each reload. Nothing in it is read from disk by the front.

import type { LogLevel } from '../observe/log.ts';
import type { RelayStats } from '../relay/relay.ts';
import type { RelaySettings } from '../relay/settings.ts';
import type { MechanismName } from '../protocol/sasl/mechanisms.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import type { LongLines } from '../protocol/wire/data-framing.ts';
import type { LimitValues } from '../policy/limits.ts';
import type { EngineChoice } from '../store/engine-choice.ts';
import type { AdmissionLimits } from './admission.ts';
import type { CountsPlan } from './counts.ts';
import type { DkimKeyPlan } from './dkim-keys.ts';
import type { FrontMetrics } from './front-metrics.ts';
import type { LocalMessage } from './local-submission.ts';
import type { CertificatePair } from './tls-contexts.ts';

export interface ListenerPlan {
  readonly address: string | undefined;
  readonly port: number;
  readonly role: 'submission' | 'mx';
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** Networks whose connections say whose they are; absent: none. */
  readonly proxy?: readonly string[];
}

export interface FrontPlan {
  readonly hostname: string;
  /** Our domains, lower-case A-labels; the first one is where a bare `postmaster` goes. */
  readonly domains: readonly string[];
  readonly listeners: readonly ListenerPlan[];
  /** Several fronts share the ports. */
  readonly share: boolean;
  readonly certificates: readonly CertificatePair[];
  readonly ticketKeys: Uint8Array;
  readonly dkim: readonly DkimKeyPlan[];
  readonly tlsHandshakeMs: number;
  readonly session: Pick<
    SessionSettings,
    'messageOctetsMax' | 'recipientsMax' | 'timeouts' | 'errorsMax' | 'authFailuresMax'
  >;
  readonly mechanisms: readonly MechanismName[];
  readonly longLines: Readonly<Record<'submission' | 'mx', LongLines>>;
  readonly submission: {
    readonly headerOctetsMax: number;
    readonly receivedMax: number;
    readonly received: 'pseudonymous' | 'full';
    readonly displayNames: 'refuse' | 'allow';
    readonly limits: LimitValues;
  };
  readonly admission: AdmissionLimits;
  /** Octets for messages on their way in, of this front. */
  readonly incomingMemory: number;
  /** The part of it that strangers' mail may take. */
  readonly strangersMemory: number;
  readonly mailboxes: readonly string[];
  /** Where postmaster@ and abuse@ of our domains go, if somebody is named. */
  readonly postmaster?: string;
  /** Absent: other nodes relay what is accepted here. */
  readonly relay?: RelaySettings;
  readonly logLevel: LogLevel;
}

/** Settings that stay the same while the thread lives. */
export interface FrontBirth {
  readonly plan: FrontPlan;
  readonly owner: string;
  readonly store: EngineChoice;
  readonly counts: CountsPlan;
  /** The front's own row in `counts`. */
  readonly row: number;
}

/** Questions that main asks a front. */
export type FrontQuestion =
  | { readonly ask: 'listen' }
  | { readonly ask: 'reload'; readonly plan: FrontPlan }
  | { readonly ask: 'drain'; readonly graceMs: number }
  | { readonly ask: 'figures' }
  /** Sessions from this address are the self-test's: marked in the log, not counted. Undefined: it is over. */
  | { readonly ask: 'selfTest'; readonly from: string | undefined }
  | { readonly ask: 'submit'; readonly message: LocalMessage };

export interface FrontAnswers {
  readonly figures: {
    /** Different for each life of a front. */
    readonly owner: string;
    readonly counts: FrontMetrics['counts'];
    readonly connections: number;
    readonly incomingOctets: number;
    readonly recordsLost: number;
    readonly relay: RelayStats;
  };
}
