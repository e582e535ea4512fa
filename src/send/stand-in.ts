// Mail that is queued while the server of this host is stopped, which alone says as whom its user sends: a made-up address stands in the message and its
// envelope for that of the account, and gives way to it when the message is sent. So what a program wrote is judged at once, and its Date is the day it was written.

import { encodeBase32 } from '../base/base32.ts';
import { concat, indexOfBytes, latin1, octetString, utf8 } from '../base/bytes.ts';
import { EX } from '../base/sysexits.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { distinctMailboxes } from '../protocol/wire/mailbox.ts';
import type { Carrier, Left, Outgoing, StoredEnvelope, SendResult } from './outgoing.ts';
import { SendFailure } from './failure.ts';

/** Shown in its place: the octets of the made-up one say nothing to anybody. `.invalid` is nobody's (RFC 2606). */
const SHOWN = 'own-account@not-known-yet.invalid';
const OCTETS = 10;

/** Random in both parts: it stands nowhere else in the message. */
export function newStandIn(): string {
  const part = (): string => encodeBase32(systemEntropy().bytes(OCTETS)).toLowerCase();
  return `${part()}@${part()}.invalid`;
}

/** The carrier, for messages with a stand-in too. `own`: the account's address; rejects with `SendFailure` while nobody can say. */
export function namingCarrier(carrier: Carrier, own: () => Promise<string>): Carrier {
  let asked: Promise<string> | undefined;
  return {
    async carry(outgoing) {
      if (outgoing.standIn === undefined) return carrier.carry(outgoing);
      let address: string;
      try {
        asked ??= own();
        address = await asked;
      } catch (error) {
        if (error instanceof SendFailure) return notNamed(outgoing, error);
        throw error;
      }
      return carrier.carry(named(outgoing, outgoing.standIn, address));
    },
    close: () => carrier.close(),
  };
}

function notNamed({ recipients }: Outgoing, { code, message }: SendFailure): SendResult {
  const again = code === EX.TEMPFAIL ? 'yes' : 'no';
  const left = recipients.map((forwardPath): Left => ({ forwardPath, again, code, problem: message }));
  return { left, accepted: 0, isOfHost: true, code, message };
}

function named(outgoing: Outgoing, standIn: string, address: string): Outgoing {
  const { reversePath, recipients, content } = outgoing;
  const put = (text: string): string => withAddress(text, standIn, address);
  const end = indexOfBytes(content, latin1('\r\n\r\n'));
  const header = end < 0 ? content : content.subarray(0, end);
  const octets = withAddress(octetString(header), standIn, octetString(utf8(address)));
  return {
    ...outgoing,
    reversePath: put(reversePath),
    // Names in a domain that was not known may be those of others that were given whole.
    recipients: distinctMailboxes(recipients.map(put)),
    content: concat([latin1(octets), content.subarray(header.length)]),
  };
}

/** As people are shown it. */
export function shownEnvelope({ standIn, ...envelope }: StoredEnvelope): StoredEnvelope {
  if (standIn === undefined) return envelope;
  const shown = (text: string): string => withAddress(text, standIn, SHOWN);
  const { reversePath, recipients, failed } = envelope;
  return {
    ...envelope,
    ...{ reversePath: shown(reversePath), recipients: recipients.map(shown) },
    failed: failed.map(({ forwardPath, problem }) => ({ forwardPath: shown(forwardPath), problem })),
  };
}

/** In place of the address, and of its domain, which completes names without one. */
function withAddress(text: string, standIn: string, address: string): string {
  const domainOf = (whole: string): string => whole.slice(whole.lastIndexOf('@'));
  return text.replaceAll(standIn, () => address).replaceAll(domainOf(standIn), () => domainOf(address));
}
