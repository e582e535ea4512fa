// The commands of a transaction as this hop wants them: extensions are used only where it announced them (6409-8-c, EXT-DSN-b).

import type { EnvelopeRecipient } from '../envelope.ts';
import { asciiSpelling } from '../wire/mailbox.ts';
import { encodeUtf8Address, encodeXtext } from '../wire/xtext.ts';
import type { DeliveryTransaction } from './ports.ts';

/** Keywords of the EHLO answer in upper case, with their arguments. */
export type Capabilities = ReadonlyMap<string, string>;

export function parseCapabilities(lines: readonly string[]): Capabilities {
  const capabilities = new Map<string, string>();
  for (const line of lines.slice(1, 100)) {
    const [keyword = '', ...rest] = line.split(' ');
    capabilities.set(keyword.toUpperCase(), rest.join(' '));
  }
  return capabilities;
}

export function mailCommand(
  transaction: DeliveryTransaction,
  capabilities: Capabilities,
  utf8: boolean,
  vouchForNobody: boolean,
): string {
  const { envelope } = transaction;
  const parts = [`MAIL FROM:<${asciiSpelling(envelope.reversePath)}>`];
  if (capabilities.has('SIZE') && transaction.octets !== undefined) parts.push(`SIZE=${transaction.octets}`);
  if (capabilities.has('8BITMIME')) parts.push(`BODY=${transaction.body8bit ? '8BITMIME' : '7BIT'}`);
  if (utf8) parts.push('SMTPUTF8');
  if (capabilities.has('DSN')) {
    if (envelope.ret !== undefined) parts.push(`RET=${envelope.ret}`);
    if (envelope.envelopeId !== undefined) parts.push(`ENVID=${encodeXtext(envelope.envelopeId)}`);
  }
  // We vouch for nobody towards others (AUTH-w, AUTH-x).
  if (vouchForNobody) parts.push('AUTH=<>');
  return `${parts.join(' ')}\r\n`;
}

export function rcptCommand(recipient: EnvelopeRecipient, capabilities: Capabilities, utf8: boolean): string {
  const parts = [`RCPT TO:<${asciiSpelling(recipient.forwardPath)}>`];
  if (capabilities.has('DSN')) {
    if (recipient.notify !== undefined) parts.push(`NOTIFY=${recipient.notify.join(',')}`);
    const original = recipient.originalRecipient;
    if (original?.addressType === 'utf-8') {
      parts.push(`ORCPT=utf-8;${utf8 ? original.address : encodeUtf8Address(original.address)}`);
    } else if (original !== undefined)
      parts.push(`ORCPT=${original.addressType};${encodeXtext(original.address)}`);
  }
  return `${parts.join(' ')}\r\n`;
}
