// The MTA-STS policy of our domains (RFC 8461 section 3.2) and the id that its TXT record shows: it changes when the policy does, and only then.

import { createHash } from 'node:crypto';
import type { MtaStsPolicy } from './settings.ts';

export function mtaSts({ mode, mx, maxAgeSeconds }: MtaStsPolicy): string {
  return [
    'version: STSv1',
    `mode: ${mode}`,
    ...mx.map((host) => `mx: ${host}`),
    `max_age: ${maxAgeSeconds}`,
    '',
  ].join('\r\n');
}

/** 1 to 32 letters and digits (section 3.1). */
export function mtaStsId(policy: MtaStsPolicy): string {
  return createHash('sha256').update(mtaSts(policy)).digest('hex').slice(0, 20);
}
