// What is decided at the blank line: is the header well formed, may this principal send under these addresses,
// what has to be completed, and our own trace field. A refusal decided here is told after the final dot.

import { isAscii } from 'node:buffer';
import { concat, latin1 } from '../base/bytes.ts';
import type { Result } from '../base/result.ts';
import { completeHeader } from '../message/complete.ts';
import { type HeaderFacts, judgeHeader, relayFacts } from '../message/header-facts.ts';
import { isNamed, parseHeader } from '../message/header.ts';
import { fieldDigests } from '../message/field-digests.ts';
import { receivedField } from '../message/received.ts';
import { decideHeader } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import type { AcceptedPayload } from '../record/events.ts';
import type { Door, SubmissionContext, SubmissionSettings } from './context.ts';
import { mendHeader } from './mend.ts';

const BLANK_LINE = latin1('\r\n');

export interface Prepared {
  /** The header as it leaves: Received, fix-ups, the blank line. */
  readonly header: Uint8Array;
  /** It needs a hop with SMTPUTF8. */
  readonly headerUtf8: boolean;
  readonly rule: string;
  /** Whom the header names as senders; absent for role mx. */
  readonly senders?: HeaderFacts;
  readonly record: Pick<
    AcceptedPayload,
    | 'messageIdField'
    | 'messageIdFieldBefore'
    | 'headerFrom'
    | 'subjectOctets'
    | 'completed'
    | 'fieldDigests'
    | 'label'
    | 'signatures'
  >;
}

export type Preparation = Result<Prepared, Refusal>;

export interface PrepareInput {
  readonly context: SubmissionContext;
  readonly settings: SubmissionSettings;
  readonly door: Door;
  readonly envelope: Envelope;
  readonly messageId: string;
  readonly now: number;
}

export function prepareHeader(input: PrepareInput, header: Uint8Array): Preparation {
  return input.door.session.role === 'mx' ? prepareRelayed(input, header) : prepareSubmitted(input, header);
}

function prepareSubmitted(input: PrepareInput, bytes: Uint8Array): Preparation {
  const { context, settings, door, envelope } = input;
  const parsed = parseHeader(bytes);
  if (!parsed.ok)
    return {
      ok: false,
      error: refusal('messageSyntax', parsed.error.detail, { detail: parsed.error.detail }),
    };

  const mended = mendHeader(parsed.value, envelope, door, settings);
  if (!mended.ok) return mended;
  const { header, done } = mended.value;
  const judged = judgeHeader(header, { smtputf8: envelope.smtputf8, receivedMax: settings.receivedMax });
  if (!judged.ok) return judged;

  const decision = decideHeader(policyFacts(input), judged.value);
  if (decision.verdict.type === 'refused') return { ok: false, error: decision.verdict.refusal };

  const completed = completeHeader(header, {
    now: input.now,
    hostname: settings.hostname,
    random: (length) => context.entropy.bytes(length),
  });
  const label =
    door.principal === undefined ? undefined : context.labels.label(door.principal.identityId, input.now);
  const subject = header.fields.find((field) => isNamed(field, 'subject'));
  const value = prepared(input, completed.bytes, label, decision.rule, {
    completed: [...done, ...completed.completed],
    fieldDigests: fieldDigests(completed.fields, input.messageId),
    headerFrom: judged.value.from.map(({ address }) => address),
    subjectOctets: subject?.raw.length ?? 0,
    ...(completed.messageIdField === undefined ? {} : { messageIdField: completed.messageIdField }),
    ...(completed.messageIdFieldBefore === undefined
      ? {}
      : { messageIdFieldBefore: completed.messageIdFieldBefore }),
  });
  return { ok: true, value: { ...value, senders: judged.value } };
}

/** Role mx: only our Received is added (5321-ae); content is not judged, loops are. */
function prepareRelayed(input: PrepareInput, bytes: Uint8Array): Preparation {
  const facts = relayFacts(bytes);
  if (facts.receivedCount > input.settings.receivedMax) {
    return { ok: false, error: refusal('mailLoop', `${facts.receivedCount} Received fields`) };
  }
  const value = prepared(input, bytes, undefined, input.door.rule, {
    completed: [],
    fieldDigests: fieldDigests(facts.fields, input.messageId),
    headerFrom: facts.from,
    subjectOctets: 0,
    ...(facts.messageId === undefined ? {} : { messageIdField: facts.messageId }),
  });
  return { ok: true, value };
}

function prepared(
  input: PrepareInput,
  fields: Uint8Array,
  label: string | undefined,
  rule: string,
  record: Omit<Prepared['record'], 'label'>,
): Prepared {
  const { settings, door, envelope } = input;
  const [only, ...others] = envelope.recipients;
  const pseudonymous = label !== undefined && settings.received === 'pseudonymous';
  const received = receivedField({
    hostname: settings.hostname,
    from: pseudonymous
      ? { mode: 'pseudonymous', label }
      : { mode: 'full', ehlo: door.session.ehlo, address: door.session.clientAddress },
    withProtocol: door.withProtocol,
    id: input.messageId,
    now: input.now,
    utf8: envelope.smtputf8,
    ...(only !== undefined && others.length === 0 ? { forRecipient: only.forwardPath } : {}),
    ...(door.session.tls === undefined ? {} : { tls: { cipher: door.session.tls.cipher } }),
  });
  const header = concat([received, fields, BLANK_LINE]);
  // Raw octets of a stranger who did not say SMTPUTF8 go on as they came: asked for it, a hop without it would make us bounce what any MTA passes on.
  const isRaw = door.session.role === 'mx' && !envelope.smtputf8;
  return {
    header,
    headerUtf8: !isRaw && !isAscii(header),
    rule,
    record: label === undefined ? record : { ...record, label },
  };
}

export function policyFacts(input: Pick<PrepareInput, 'settings' | 'door'>) {
  return {
    principal: input.door.principal,
    state: 'active',
    domains: input.settings.domains,
    displayNames: input.settings.displayNames,
  } as const;
}
