// The SMTP envelope (RFC 5321 section 2.3.1) as plain values: what MAIL and RCPT said, already parsed and judged well-formed.

/** A mailbox in the least quoted spelling (RFC 5321 section 4.1.2), local part as the client wrote it, domain as written. */
export type MailboxText = string;

export type NotifyCondition = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY';

/** RFC 3461 section 4.2: `type;address`, the address decoded from xtext (or utf-8 address form of RFC 6533). */
export interface OriginalRecipient {
  readonly addressType: string;
  readonly address: string;
}

export interface EnvelopeRecipient {
  readonly forwardPath: MailboxText;
  /** Absent: FAILURE (and DELAY) reports are up to the server. */
  readonly notify?: readonly NotifyCondition[];
  readonly originalRecipient?: OriginalRecipient;
}

export interface ReversePathAndParameters {
  /** '' is the null reverse-path `<>`. */
  readonly reversePath: MailboxText | '';
  readonly body: '7BIT' | '8BITMIME';
  readonly smtputf8: boolean;
  /** SIZE= as declared, octets. */
  readonly declaredSize?: number;
  /** DSN (RFC 3461): RET= and ENVID= (decoded). */
  readonly ret?: 'FULL' | 'HDRS';
  readonly envelopeId?: string;
  /** AUTH= of RFC 4954 section 5, decoded; '<>' or a mailbox. Never trusted, kept for the record. */
  readonly authParameter?: string;
}

export interface Envelope extends ReversePathAndParameters {
  readonly recipients: readonly EnvelopeRecipient[];
}
