// Data: the keys of `dkim:`, and what must not be said in them.

import { z } from 'zod';
import type { Finding } from './unsafe.ts';
import { dkimSelector, domainName, fieldName } from './values.ts';

/** Each one is a signature on every message of the domain. */
const KEYS_OF_DOMAIN_MAX = 4;
/** Added or changed on the way, or taken away: their signature would never verify. */
const unsignable = [
  'arc-authentication-results',
  'arc-message-signature',
  'arc-seal',
  'authentication-results',
  'bcc',
  'dkim-signature',
  'received',
  'resent-bcc',
  'return-path',
];

export const dkimKey = z.strictObject({
  domain: domainName.meta({ description: 'One of `domains`: mail with a From of it is signed.' }),
  selector: dkimSelector.meta({
    description: 'Names the key: it is published at SELECTOR._domainkey.DOMAIN.',
  }),
  key: z.string().min(1).meta({
    description:
      'PEM file: the private key, rsa of 2048 to 4096 bits or ed25519. Only the server and its group may read it.',
  }),
  required: z.boolean().prefault(true).meta({
    description: 'A message that can not be signed with it is refused for now (451); `false` lets it pass.',
  }),
  headers: z
    .array(
      fieldName.refine((name) => !unsignable.includes(name), {
        error: 'changes on the way: it can not be signed',
      }),
    )
    .max(50)
    .prefault([])
    .meta({ description: 'Header fields to sign besides the usual ones.' }),
});

type DkimKeys = readonly z.output<typeof dkimKey>[];

export function dkimFindings(keys: DkimKeys, domains: readonly string[]): readonly Finding[] {
  const ours = new Set(domains);
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return keys.flatMap(({ domain, selector }, at) => {
    const name = `${selector} ${domain}`;
    const isTwice = seen.has(name);
    const count = (counts.get(domain) ?? 0) + 1;
    seen.add(name);
    counts.set(domain, count);
    if (!ours.has(domain))
      return [
        {
          path: ['dkim', at, 'domain'],
          message: `${domain} is none of our \`domains\`: we sign for these only`,
        },
      ];
    if (isTwice)
      return [
        { path: ['dkim', at, 'selector'], message: `selector ${selector} of ${domain} is listed twice` },
      ];
    if (count === KEYS_OF_DOMAIN_MAX + 1)
      return [{ path: ['dkim', at], message: `${domain} has more than ${KEYS_OF_DOMAIN_MAX} keys` }];
    return [];
  });
}
