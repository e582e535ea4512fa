// The recipients of one transaction: a mailbox that is named again is answered as before and stands there once, as it was named first, so that
// it is recorded and delivered once.

import type { EnvelopeRecipient } from '../envelope.ts';
import { mailboxKey } from '../wire/mailbox.ts';

export class Recipients {
  readonly list: EnvelopeRecipient[] = [];
  /** Of all in the list, from the second one on: most messages have one recipient. */
  #keys: Set<string> | undefined;

  add(recipient: EnvelopeRecipient): void {
    if (this.list.length > 0) {
      this.#keys ??= new Set(this.list.map(({ forwardPath }) => mailboxKey(forwardPath)));
      const key = mailboxKey(recipient.forwardPath);
      if (this.#keys.has(key)) return;
      this.#keys.add(key);
    }
    this.list.push(recipient);
  }
}
