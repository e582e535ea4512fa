// The step of the one way in that signs: whether a message is signed is known at the blank line, the signature at its end. Mail of role mx
// is never signed: it is not ours, and nobody has judged its senders.

import { refusal } from '../protocol/refusal.ts';
import type { SubmissionSettings } from './context.ts';
import type { Preparation, Prepared } from './prepare.ts';
import type { Signing } from './signer.ts';

export function openSigning({ signer }: SubmissionSettings, prepared: Prepared): Signing | undefined {
  const from = prepared.senders?.from[0];
  return signer === undefined || from === undefined ? undefined : signer.open(from.address);
}

/** The message with its signatures, or why it must not leave. Never rejects. */
export async function signPrepared(signing: Signing, prepared: Prepared, now: number): Promise<Preparation> {
  const signed = await signing.finish(prepared.header, now);
  if (!signed.ok) return { ok: false, error: refusal('cannotSign', signed.error) };
  const { header, signatures } = signed.value;
  return { ok: true, value: { ...prepared, header, record: { ...prepared.record, signatures } } };
}
