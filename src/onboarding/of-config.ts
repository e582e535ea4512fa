// From the configuration to the settings that mail programs get.

import type { Config } from '../config/schema.ts';
import { type OnboardingSettings, outgoingServices } from './settings.ts';

export function onboardingOf({
  hostname,
  domains,
  listeners,
  onboarding,
}: Pick<Config, 'hostname' | 'domains' | 'listeners' | 'onboarding'>): OnboardingSettings {
  const { displayName, imap, pop3, help, pacc, mtaSts } = onboarding;
  return {
    ...{ hostname, domains },
    outgoing: outgoingServices(hostname, listeners),
    incoming: [
      ...(imap === undefined ? [] : [{ protocol: 'imap' as const, ...imap }]),
      ...(pop3 === undefined ? [] : [{ protocol: 'pop3' as const, ...pop3 }]),
    ],
    ...(displayName === undefined ? {} : { displayName }),
    ...(help === undefined ? {} : { help }),
    ...(pacc === 'off' ? {} : { pacc }),
    ...(mtaSts === undefined
      ? {}
      : { mtaSts: { mode: mtaSts.mode, mx: mtaSts.mx, maxAgeSeconds: Math.floor(mtaSts.maxAge / 1000) } }),
  };
}
