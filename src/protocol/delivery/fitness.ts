// What a hop can't take by what it announced: the message as a whole, or one of its recipients alone. Nothing is ever re-encoded (6409-8.4);
// only a domain that is not ASCII goes out as A-labels, which are the same name (RFC 5890 section 2.3.2.1).

import { asciiSpelling, isAsciiText } from '../wire/mailbox.ts';
import type { Capabilities } from './commands.ts';
import type { DeliveryTransaction } from './ports.ts';

export interface Misfit {
  readonly status: string;
  readonly diagnostic: string;
}

function isUtf8Address(mailbox: string): boolean {
  return !isAsciiText(asciiSpelling(mailbox));
}

/** Whether MAIL has to say SMTPUTF8 for it, with these of its recipients. */
export function needsUtf8(
  { envelope, headerUtf8 }: DeliveryTransaction,
  forwardPaths: readonly string[],
): boolean {
  return headerUtf8 || isUtf8Address(envelope.reversePath) || forwardPaths.some(isUtf8Address);
}

/** Why none of the recipients can have it by this hop. */
export function messageMisfit(
  { envelope, headerUtf8, body8bit, octets = 0 }: DeliveryTransaction,
  capabilities: Capabilities,
): Misfit | undefined {
  const takesUtf8 = capabilities.has('SMTPUTF8');
  if (!takesUtf8 && isUtf8Address(envelope.reversePath)) return utf8Misfit('address of the sender');
  if (!takesUtf8 && headerUtf8)
    return { status: '5.6.9', diagnostic: 'the next hop does not take UTF-8 header fields (SMTPUTF8)' };
  if (body8bit && !capabilities.has('8BITMIME')) {
    return {
      status: '5.6.3',
      diagnostic: 'the next hop does not take 8-bit content (8BITMIME), and content is never re-encoded',
    };
  }
  const limit = Number(capabilities.get('SIZE') ?? 0);
  if (limit === 0 || octets <= limit) return undefined;
  return { status: '5.3.4', diagnostic: `the message has ${octets} octets, the next hop takes ${limit}` };
}

/** Why this recipient can't have it by this hop, whatever becomes of the others. */
export function recipientMisfit(forwardPath: string, capabilities: Capabilities): Misfit | undefined {
  return isUtf8Address(forwardPath) && !capabilities.has('SMTPUTF8')
    ? utf8Misfit('address of the recipient')
    : undefined;
}

function utf8Misfit(what: string): Misfit {
  return { status: '5.6.7', diagnostic: `the next hop does not take the UTF-8 ${what} (SMTPUTF8)` };
}
