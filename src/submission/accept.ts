// The accept change: what one commit has to hold so that the message is both safe and accountable (BCP134-3.1-h).

import { effectiveLimits } from '../policy/sending-limits.ts';
import { UNDO_GRACE_MS, undoUntil } from '../policy/undo-window.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { untilDone } from '../platform/until-done.ts';
import { principalFacts } from '../record/identity.ts';
import { nodeOfOwner, type Owner } from '../store/owner.ts';
import type { AcceptChange, Change, FreeChange, MessageContent } from '../store/port.ts';
import type { FinishedBody } from './body.ts';
import type { Door, SubmissionContext, SubmissionSettings } from './context.ts';
import type { Prepared } from './prepare.ts';

export interface AcceptInput {
  readonly context: SubmissionContext;
  readonly settings: SubmissionSettings;
  readonly door: Door;
  readonly envelope: Envelope;
  readonly messageId: string;
  readonly now: number;
  readonly prepared: Prepared;
  readonly body: FinishedBody;
  readonly content: MessageContent;
  readonly fromMemory: boolean;
}

/** One array of its own: it crosses to the store thread, and a view would drag its whole backing buffer along. */
export function contentOf(prepared: Prepared, body: FinishedBody): MessageContent {
  if (body.staged) return { kind: 'staged', header: prepared.header };
  const bytes = Buffer.allocUnsafeSlow(prepared.header.length + body.octets);
  bytes.set(prepared.header);
  let at = prepared.header.length;
  for (const chunk of body.chunks ?? []) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { kind: 'inline', bytes };
}

/** Header and body for the relay, if they are in memory and it has room for them. */
export function piecesInMemory(
  context: SubmissionContext,
  content: MessageContent,
  body: FinishedBody,
): readonly Uint8Array[] | undefined {
  if (body.chunks === undefined) return undefined;
  const pieces = content.kind === 'inline' ? [content.bytes] : [content.header, ...body.chunks];
  const octets = pieces.reduce((sum, { length }) => sum + length, 0);
  return context.wouldRelayFromMemory(octets) ? pieces : undefined;
}

export function acceptChange(input: AcceptInput): AcceptChange {
  const { context, door, envelope, prepared, body, now } = input;
  const { recipients, ...from } = envelope;
  const { identityId, proof } = door.principal ?? {};
  const credentialId = proof?.id ?? '';
  // From now on: what is large took long to come.
  const until = undoUntil(door.principal, envelope.reversePath, context.clock.now());
  return {
    type: 'accept',
    message: {
      id: input.messageId,
      acceptedAt: now,
      role: door.session.role,
      envelope: from,
      octets: prepared.header.length + body.octets,
      headerOctets: prepared.header.length,
      headerUtf8: prepared.headerUtf8,
      body8bit: body.has8bit,
      ...(identityId === undefined ? {} : { identityId }),
      ...(credentialId === '' ? {} : { credentialId }),
    },
    recipients,
    content: input.content,
    event: {
      type: 'accepted',
      time: now,
      messageId: input.messageId,
      payload: acceptedPayload(input, until),
      ...(identityId === undefined ? {} : { identityId }),
    },
    dueAt: until === undefined ? now : until + UNDO_GRACE_MS,
    ...(context.relaysHere && until === undefined ? leaseOf(input) : {}),
    ...(identityId === undefined
      ? {}
      : {
          charge: {
            identityId,
            charge: { at: now, recipients: recipients.length, nullSender: envelope.reversePath === '' },
            limits: effectiveLimits(input.settings.limits, door.principal?.limits ?? {}),
          },
        }),
  };
}

/** From its birth on, for the relay of this thread, or until the outcome is known. */
function leaseOf(input: AcceptInput): Pick<AcceptChange, 'owner' | 'untried'> {
  const { context } = input;
  return {
    owner: context.holder.owner,
    ...(input.fromMemory ? {} : { untried: true }),
  };
}

function acceptedPayload(
  { context, door, envelope, prepared, body }: AcceptInput,
  until: number | undefined,
) {
  const { principal } = door;
  return {
    session: door.session,
    ...nodeOfOwner(context.holder.owner),
    envelope,
    rule: prepared.rule,
    withProtocol: door.withProtocol,
    octets: prepared.header.length + body.octets,
    bodyHash: body.hash,
    ...prepared.record,
    ...(principal === undefined ? {} : { principal: principalFacts(principal) }),
    ...(until === undefined ? {} : { undoUntil: until }),
  };
}

/**
 * After an unknown outcome the client was told to send again, so the message must not leave as well: asked until the store has taken it back.
 */
export function withdraw(context: SubmissionContext, change: AcceptChange): void {
  const messageId = change.message.id;
  context.withdrawing.add(messageId);
  const { owner = context.holder.owner } = change;
  const by = 'server: no answer in time';
  void commitUntilDone(context, () => [
    { type: 'withdraw', messageId, owner, now: context.clock.now(), by },
  ]).then(() => context.withdrawing.delete(messageId));
}

/**
 * The message is known to be accepted: any front with room may send it. It was leased until now, because another front could have sent
 * it before an unknown outcome made us tell the client to send it again.
 */
export function releaseLease(context: SubmissionContext, change: AcceptChange): void {
  const { owner } = change;
  if (owner !== undefined) void commitUntilDone(context, () => [freeChange(context, change, owner)]);
}

/** The store may be away, or its disk full. */
function commitUntilDone(context: SubmissionContext, changes: () => readonly Change[]): Promise<void> {
  return untilDone(context.clock, async () => {
    const outcomes = await context.store.commit(changes());
    return outcomes.every(({ type }) => type !== 'failed');
  });
}

function freeChange(
  context: SubmissionContext,
  { message, recipients, untried }: AcceptChange,
  owner: Owner,
): FreeChange {
  const attempt = untried === true ? 0 : 1;
  const only = recipients.map((_, recipientNumber) => ({ messageId: message.id, recipientNumber, attempt }));
  return { type: 'free', ownerPrefix: owner, only, dueAt: context.clock.now() };
}
