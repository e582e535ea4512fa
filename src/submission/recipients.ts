// The recipients of one transaction: a mailbox that is named again is answered as before and stands there once, as it was named first, so that
// it is recorded and delivered once.

import type { EnvelopeRecipient } from '../protocol/envelope.ts';
import { mailboxKey } from '../protocol/wire/mailbox.ts';

export class Recipients {
  readonly list: EnvelopeRecipient[] = [];
  /** Of all in the list, from the second one on: most messages have one recipient. */
  #keys: Set<string> | undefined;

  has(forwardPath: string): boolean {
    if (this.list.length === 0) return false;
    this.#keys ??= new Set(this.list.map((recipient) => mailboxKey(recipient.forwardPath)));
    return this.#keys.has(mailboxKey(forwardPath));
  }

  /** Of one that `has` does not know. */
  add(recipient: EnvelopeRecipient): void {
    this.list.push(recipient);
    this.#keys?.add(mailboxKey(recipient.forwardPath));
  }
}
