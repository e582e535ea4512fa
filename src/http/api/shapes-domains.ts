// The shapes of what the API gives of our domains.

import { z } from 'zod';

const time = z.iso.datetime();
const verdict = z.enum(['right', 'missing', 'different', 'unknown']);
const checkedAt = time
  .optional()
  .meta({ description: 'When the DNS was asked last; absent: not since the start.' });

export const domainList = z.object({
  domains: z.array(
    z.object({
      ...{ domain: z.string(), selectors: z.array(z.string()), checkedAt },
      verdicts: z.partialRecord(verdict, z.int()).optional(),
      bad: z.int().optional().meta({ description: 'Records that are needed, and missing or different.' }),
    }),
  ),
});
export const domain = z.object({
  ...{ domain: z.string(), checkedAt },
  records: z.array(
    z.object({
      ...{ name: z.string(), type: z.enum(['A', 'CNAME', 'SRV', 'TXT', 'TLSA']) },
      wanted: z.string().meta({ description: 'Empty: the addresses of this server.' }),
      ...{ isNeeded: z.boolean(), consequence: z.string(), zoneLine: z.string() },
      ...{
        verdict: verdict.optional(),
        found: z.array(z.string()).optional(),
        because: z.string().optional(),
      },
    }),
  ),
  keys: z.array(
    z.object({
      ...{ selector: z.string(), type: z.enum(['rsa', 'ed25519']), name: z.string() },
      verdict: verdict.optional(),
    }),
  ),
  keysBecause: z.string().optional().meta({ description: "Why the keys that sign can't be told." }),
  warnings: z.array(z.string()),
});
export const selectorLook = z.object({
  ...{ domain: z.string(), selector: z.string(), name: z.string() },
  signs: z.boolean().meta({ description: 'A key of `dkim:` has it.' }),
  found: z.array(z.string()),
  isWanted: z.boolean().optional(),
  because: z.string().optional().meta({ description: 'Why it is not known.' }),
});
export const sheet = z.object({
  title: z.string(),
  sections: z.array(z.object({ title: z.string(), rows: z.array(z.tuple([z.string(), z.string()])) })),
  notes: z.array(z.string()),
});
