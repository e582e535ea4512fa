// The kinds of values that a configuration holds, each read from what people write: durations, sizes, domains, addresses, networks, secrets.

import { z } from 'zod';
import { formatDuration, parseDuration } from '../base/duration.ts';
import { isIP } from '../base/network.ts';
import { parseSize } from '../base/size.ts';
import { canonicalAddress, canonicalMailbox } from '../policy/address.ts';
import { leadsOnward } from '../policy/onward.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';

/** `pattern` is for the JSON Schema; the transform says what is wrong in words. */
function read<T>(parse: (text: string) => T | undefined, wanted: string, pattern?: RegExp) {
  const plain = z.string({
    error: ({ input }) => (input === undefined ? undefined : `${JSON.stringify(input)} is no ${wanted}`),
  });
  const text = pattern === undefined ? plain : plain.meta({ pattern: pattern.source });
  return text.transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `"${value}" is no ${wanted}` });
    return z.NEVER;
  });
}

/** Milliseconds. */
export const duration = (leastMs = 0, mostMs = Number.MAX_SAFE_INTEGER) =>
  read(
    parseDuration,
    'duration: write a number with its unit, such as 90s, 15m, 4h or 5d',
    /^\d+(ms|s|m|h|d)$/,
  ).refine((ms) => ms >= leastMs && ms <= mostMs, {
    error:
      mostMs === Number.MAX_SAFE_INTEGER
        ? `must be at least ${formatDuration(leastMs)}`
        : `must be between ${formatDuration(leastMs)} and ${formatDuration(mostMs)}`,
  });

/** Octets. */
export const size = (least = 0) =>
  read(
    parseSize,
    'size: write a number with its unit, such as 256KiB or 25MiB',
    /^\d+ ?(B|KiB|MiB|GiB)$/,
  ).refine((octets) => octets >= least, { error: `must be at least ${least} octets` });

/** Lower-case A-labels, at least two of them. */
export const domainName = read((text) => {
  const name = canonicalDomain(text);
  return name?.includes('.') === true ? name : undefined;
}, 'fully qualified domain name, such as example.org');

export const mailAddress = read(canonicalAddress, 'mail address, such as alice@example.org');

export const mailboxEntry = read(
  (text) =>
    text.startsWith('@')
      ? canonicalDomain(text.slice(1)) === undefined
        ? undefined
        : text
      : canonicalAddress(text),
  'mail address or @domain',
).refine((entry) => !leadsOnward(canonicalMailbox(entry)?.localPart ?? 'anybody'), {
  error:
    'a name with % ! | or a leading / or - is a route, file or command to other mailers: nobody could write to it',
});

export const ipAddress = read((text) => (isIP(text) === 0 ? undefined : text), 'IP address');

/** `192.0.2.0/24`, `2001:db8::/32` or a single address. */
export const network = read((text) => {
  const [address = '', prefix, ...more] = text.split('/');
  const longest = isIP(address) === 4 ? 32 : 128;
  const valid =
    isIP(address) !== 0 &&
    more.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest));
  return valid ? `${address}/${Number(prefix ?? longest)}` : undefined;
}, 'network, such as 192.0.2.0/24 or 2001:db8::/32');

export const count = (least: number, most: number) => z.int().min(least).max(most);

/** RFC 6376 section 3.1: one label or several. */
export const dkimSelector = read((text) => {
  const selector = text.toLowerCase();
  const isName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(selector);
  return isName && selector.length <= 120 ? selector : undefined;
}, 'selector, such as p2026a: letters, digits and hyphens');

/** Of a header field, lower-case. */
export const fieldName = read(
  (text) => (/^[!-9;-~]{1,76}$/.test(text) ? text.toLowerCase() : undefined),
  'name of a header field',
);

/** Names that stand in the owners of leases: no `/`. */
export const nodeName = read(
  (text) => (/^[a-z\d](?:[\w.-]{0,61}[a-z\d])?$/i.test(text) ? text : undefined),
  'name of a node, such as mail1: letters, digits, dots, hyphens and underscores, 63 at most',
);

/** In the file itself, or better: in a file or the environment. */
export const secret = z.union([
  z.string().min(1),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ env: z.string().min(1) }),
]);
