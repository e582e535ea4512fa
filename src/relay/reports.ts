// Who is told what: the recipients of an attempt that deserve a report by RFC 3461, and the acceptance of that report, which goes into the
// same commit as the fate it tells of. Never about a null sender, never to somebody who asked for none (E-Q-4, E-D-2).

import { concat } from '../base/bytes.ts';
import { isAscii } from '../base/bytes.ts';
import { hash } from 'node:crypto';
import type { MessageIdSource } from '../base/message-id.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { buildReport, type Report, type ReportRecipient } from '../message/report.ts';
import type { SignatureFacts } from '../record/events.ts';
import type { AcceptChange, Delivery, QueuedMessage } from '../store/port.ts';
import type { Signer, Signing } from '../submission/signer.ts';
import type { Attempt, Errand } from './errand.ts';
import type { RelaySettings } from './settings.ts';

/** RET=FULL brings the whole message up to this size, the header beyond it (F-NULL-3). */
const FULL_OCTETS_MAX = 50 * 1024;
const CRLF = Buffer.from('\r\n');

export type Told = Attempt & { readonly final: 'delivered' | 'relayed' | 'failed' | 'expired' | 'deferred' };

/** What a recipient's sender wants to hear of this, or undefined. */
export function reportable({ recipient }: Delivery, told: Told): ReportRecipient['action'] | undefined {
  const { notify } = recipient;
  switch (told.final) {
    case 'failed':
    case 'expired':
      return notify === undefined || notify.includes('FAILURE') ? 'failed' : undefined;
    case 'deferred':
      return notify === undefined || notify.includes('DELAY') ? 'delayed' : undefined;
    case 'delivered':
      return notify?.includes('SUCCESS') === true ? 'delivered' : undefined;
    case 'relayed':
      return notify?.includes('SUCCESS') === true && told.reportsPassedOn !== true ? 'relayed' : undefined;
  }
}

export interface ReportWriter {
  /** The acceptance of one report about all of them, or undefined if nobody is to be told. Rejects if it can't be signed and must be. */
  write(errand: Errand, told: readonly (Told | undefined)[]): Promise<AcceptChange | undefined>;
}

export interface ReportOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ids: MessageIdSource;
  settings(): RelaySettings;
  /** Signs reports as it signs mail of their From (E-D-1). */
  signer?(): Signer | undefined;
  /** Reports about mail of strangers may hit the innocent: so many a minute, then silence. */
  readonly strangersPerMinute?: number;
}

export function createReportWriter(options: ReportOptions): ReportWriter {
  const { clock, ids, entropy } = options;
  const perMinute = options.strangersPerMinute ?? 10;
  let minute = 0;
  let inMinute = 0;

  function mayTellStranger(now: number): boolean {
    const current = Math.floor(now / 60_000);
    if (current !== minute) inMinute = 0;
    minute = current;
    inMinute += 1;
    return inMinute <= perMinute;
  }

  return {
    async write(errand, told) {
      const { message, deliveries } = errand;
      const settings = options.settings();
      const now = clock.now();
      const recipients = deliveries.flatMap((delivery, at) =>
        recipientOf(delivery, told[at], message, settings),
      );
      if (recipients.length === 0 || message.envelope.reversePath === '') return undefined;
      if (message.role === 'mx' && !mayTellStranger(now)) return undefined;
      const report = buildReport({
        hostname: settings.hostname,
        now,
        random: (length) => entropy.bytes(length),
        reversePath: message.envelope.reversePath,
        smtputf8: message.envelope.smtputf8,
        arrivedAt: message.acceptedAt,
        messageId: message.id,
        ...(message.envelope.envelopeId === undefined ? {} : { envelopeId: message.envelope.envelopeId }),
        recipients,
        original: await originalOf(errand),
      });
      const from = `postmaster@${settings.hostname}`;
      const signed = await signedHeader(report, options.signer?.()?.open(from), now);
      return acceptanceOf({ ...report, ...signed }, message, ids.next(now), now, settings.hostname);
    },
  };
}

function recipientOf(
  delivery: Delivery,
  told: Told | undefined,
  message: QueuedMessage,
  settings: RelaySettings,
): readonly ReportRecipient[] {
  const action = told === undefined ? undefined : reportable(delivery, told);
  if (told === undefined || action === undefined) return [];
  const { forwardPath, originalRecipient } = delivery.recipient;
  return [
    {
      forwardPath,
      action,
      status: told.status,
      diagnostic: told.diagnostic,
      ...(originalRecipient === undefined ? {} : { originalRecipient }),
      ...(told.remote === undefined ? {} : { remote: told.remote }),
      ...(action === 'delayed' ? { retryUntil: message.acceptedAt + settings.expireMs } : {}),
    },
  ];
}

async function originalOf({ message, content }: Errand): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const whole = message.envelope.ret === 'FULL' && message.octets <= FULL_OCTETS_MAX;
  const wanted = whole ? message.octets : message.headerOctets;
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const bytes of await content()) {
    parts.push(bytes.subarray(0, wanted - octets));
    octets += bytes.length;
    if (octets >= wanted) break;
  }
  return { bytes: concat(parts), whole };
}

interface SignedReport extends Report {
  readonly signatures?: readonly SignatureFacts[];
}

/** The whole header with the blank line. */
async function signedHeader(
  { header, body }: Report,
  signing: Signing | undefined,
  now: number,
): Promise<Pick<SignedReport, 'header' | 'signatures'>> {
  const whole = concat([header, CRLF]);
  if (signing === undefined) return { header: whole };
  signing.body(body);
  const signed = await signing.finish(whole, now);
  if (!signed.ok) throw new Error(signed.error);
  return signed.value;
}

function acceptanceOf(
  report: SignedReport,
  about: QueuedMessage,
  id: string,
  now: number,
  hostname: string,
): AcceptChange {
  const { header, signatures } = report;
  const bytes = Uint8Array.prototype.slice.call(concat([header, report.body]));
  const headerUtf8 = !isAscii(header);
  const envelope = { reversePath: '', body: '7BIT', smtputf8: headerUtf8 } as const;
  const recipients = [{ forwardPath: about.envelope.reversePath, notify: ['NEVER'] as const }];
  return {
    type: 'accept',
    message: {
      id,
      acceptedAt: now,
      role: 'local',
      envelope,
      octets: bytes.length,
      headerOctets: header.length,
      headerUtf8,
      body8bit: false,
    },
    recipients,
    content: { kind: 'inline', bytes },
    event: {
      type: 'accepted',
      time: now,
      messageId: id,
      payload: {
        session: {
          sessionId: '',
          role: 'local',
          clientAddress: '',
          clientPort: 0,
          serverAddress: '',
          serverPort: 0,
          ehlo: hostname,
        },
        envelope: { ...envelope, recipients },
        rule: 'report',
        withProtocol: 'local',
        messageIdField: report.messageIdField,
        headerFrom: [`postmaster@${hostname}`],
        subjectOctets: 0,
        completed: [],
        octets: bytes.length,
        bodyHash: hash('sha256', report.body),
        reportOn: about.id,
        ...(signatures === undefined ? {} : { signatures }),
      },
    },
    dueAt: now,
  };
}
