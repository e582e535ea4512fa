// What use cases work on, put together from a configuration and an open store: beside the threads of a running server, or in a command where none runs.

import type { AdministrationPorts } from '../administration/ports.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { LoadedConfig } from '../config/load.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { createReportWriter } from '../relay/reports.ts';
import { createSigner } from '../submission/signer.ts';
import { readDkimKeys } from './dkim-keys.ts';
import { relaySettingsOf } from './plan-of-config.ts';

const entropy = systemEntropy();

export function administrationPorts({
  loaded,
  ...others
}: Pick<AdministrationPorts, 'store' | 'lookups' | 'copy'> & {
  /** In force now. Throws `ConfigError`. */
  loaded(): LoadedConfig;
}): AdministrationPorts {
  return {
    ...others,
    ...{ clock, entropy },
    config: () => loaded().config,
    reports: () => reportsOf(loaded()),
  };
}

function reportsOf(loaded: LoadedConfig): ReturnType<AdministrationPorts['reports']> {
  const settings = relaySettingsOf(loaded, process.env, 1);
  const ids = messageIdSource((length) => entropy.bytes(length));
  const signer = createSigner({ keys: readDkimKeys(loaded), failed: () => undefined });
  const ports = { clock, entropy, ids };
  return {
    settings,
    writer: createReportWriter({ ...ports, settings: () => settings, signer: () => signer }),
  };
}
