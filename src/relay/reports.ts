// A report as a message of our own: composed, signed, and with the acceptance that puts it into the queue. Who gets one, and when, is decided elsewhere
// (`notices.ts`, `round-report.ts`).

import { concat, isAscii } from '../base/bytes.ts';
import { hash } from 'node:crypto';
import type { MessageIdSource } from '../base/message-id.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { buildReport, type Report, type ReportRecipient } from '../message/report.ts';
import { buildSummary } from '../message/summary.ts';
import type { SignatureFacts } from '../record/events.ts';
import type { AcceptChange, QueuedMessage } from '../store/port.ts';
import type { Signer, Signing } from '../submission/signer.ts';
import type { DeliveryJob } from './delivery-job.ts';
import type { RelaySettings } from './settings.ts';

/** RET=FULL returns the whole message up to this size, only the header beyond it (F-NULL-3). */
const FULL_OCTETS_MAX = 50 * 1024;
const CRLF = Buffer.from('\r\n');

export interface ReportOrder {
  readonly message: QueuedMessage;
  readonly recipients: readonly ReportRecipient[];
  readonly content: DeliveryJob['content'];
  /** Set for a report of ours that nobody took: this address is told instead of the null sender. */
  readonly postmaster?: string;
}

export interface ReportWriter {
  /** The acceptance of one report about all recipients. Rejects if it can't be signed and must be, or the content is out of reach. */
  write(order: ReportOrder): Promise<AcceptChange>;
  /** One mail to the postmaster; undefined: none is configured. Rejects as `write`. */
  summary(subject: string, lines: readonly string[]): Promise<AcceptChange | undefined>;
}

export interface ReportOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly ids: MessageIdSource;
  settings(): RelaySettings;
  /** Signs reports like mail with their From (E-D-1). */
  signer?(): Signer | undefined;
}

export function createReportWriter(options: ReportOptions): ReportWriter {
  const { clock, ids, entropy } = options;
  const random = (length: number): Uint8Array => entropy.bytes(length);

  async function accepted(report: Report, to: string, now: number, reportOn?: string): Promise<AcceptChange> {
    const { hostname } = options.settings();
    const signed = await signedHeader(report, options.signer?.()?.open(`postmaster@${hostname}`), now);
    return acceptanceOf({ ...report, ...signed }, { to, reportOn, id: ids.next(now), now, hostname });
  }

  return {
    async write(order) {
      const { message, recipients, postmaster } = order;
      const { hostname } = options.settings();
      const { envelopeId, smtputf8, reversePath } = message.envelope;
      const now = clock.now();
      const to = postmaster ?? reversePath;
      const report = buildReport({
        ...{ hostname, now, random, recipients, smtputf8 },
        reversePath: to,
        arrivedAt: message.acceptedAt,
        messageId: message.id,
        ...(envelopeId === undefined ? {} : { envelopeId }),
        isAboutReport: postmaster !== undefined,
        original: await originalOf(order),
      });
      return accepted(report, to, now, message.id);
    },
    async summary(subject, lines) {
      const { hostname, postmaster: to } = options.settings();
      const now = clock.now();
      return to === undefined
        ? undefined
        : accepted(buildSummary({ hostname, now, random, to, subject, lines }), to, now);
    },
  };
}

async function originalOf(order: ReportOrder): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const { message, content, postmaster } = order;
  const isAsked = message.envelope.ret === 'FULL' || postmaster !== undefined;
  const whole = isAsked && message.octets <= FULL_OCTETS_MAX;
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

interface Facts {
  readonly to: string;
  /** The message that the report is about. */
  readonly reportOn: string | undefined;
  readonly id: string;
  readonly now: number;
  readonly hostname: string;
}

function acceptanceOf(report: SignedReport, { to, reportOn, id, now, hostname }: Facts): AcceptChange {
  const { header, signatures } = report;
  const bytes = Uint8Array.prototype.slice.call(concat([header, report.body]));
  const headerUtf8 = !isAscii(header);
  const envelope = { reversePath: '', body: '7BIT', smtputf8: headerUtf8 } as const;
  const recipients = [{ forwardPath: to, notify: ['NEVER'] as const }];
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
        ...(reportOn === undefined ? {} : { reportOn }),
        ...(signatures === undefined ? {} : { signatures }),
      },
    },
    dueAt: now,
  };
}
