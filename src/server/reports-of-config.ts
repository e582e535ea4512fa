// What writes reports outside the fronts, from the configuration: with its own copy of the keys, which are read when they are needed.

import { messageIdSource } from '../base/message-id.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { createReportWriter, type ReportWriter } from '../relay/reports.ts';
import type { RelaySettings } from '../relay/settings.ts';
import { createSigner } from '../submission/signer.ts';
import { readDkimKeys } from './dkim-keys.ts';
import { relaySettingsOf } from './plan-of-config.ts';

export function reportsOf(
  loaded: LoadedConfig,
  { clock, entropy }: { readonly clock: Pick<Clock, 'now'>; readonly entropy: Entropy },
): { readonly settings: RelaySettings; readonly writer: ReportWriter } {
  const settings = relaySettingsOf(loaded, process.env, 1);
  const ids = messageIdSource((length) => entropy.bytes(length));
  const signer = createSigner({ keys: readDkimKeys(loaded), failed: () => undefined });
  const ports = { clock, entropy, ids };
  return {
    settings,
    writer: createReportWriter({ ...ports, settings: () => settings, signer: () => signer }),
  };
}
