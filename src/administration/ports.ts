// What use cases work on: the store, the configuration in force, and what writes reports and copies.

import type { Config } from '../config/schema.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { ReportWriter } from '../relay/reports.ts';
import type { RelaySettings } from '../relay/settings.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';

export interface AdministrationPorts {
  readonly store: Pick<Store, 'commit'>;
  readonly lookups: Lookups;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  /** In force now. Throws `ConfigError` if there is none that can be read. */
  config(): Config;
  reports(): Promise<{ readonly settings: RelaySettings; readonly writer: ReportWriter }>;
  /** A copy of the store, in pieces. Whoever asks closes it, whether it was read or not. */
  copy(): Promise<{ readonly content: AsyncIterable<Uint8Array>; close(): Promise<void> }>;
}
