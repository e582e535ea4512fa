// A summary for the postmaster, one mail instead of many: plain text from this server to itself.

import { utf8 } from '../base/bytes.ts';
import { newMessageIdField } from './complete.ts';
import { formatDate } from './date.ts';
import type { Report } from './report.ts';

export interface SummaryInput {
  readonly hostname: string;
  readonly now: number;
  readonly random: (length: number) => Uint8Array;
  readonly to: string;
  readonly subject: string;
  /** ASCII, without their ends. */
  readonly lines: readonly string[];
}

export function buildSummary(input: SummaryInput): Report {
  const { hostname, now, to, subject, lines } = input;
  const messageIdField = newMessageIdField(input);
  const header = [
    `From: Mail Delivery System <postmaster@${hostname}>`,
    `To: <${to}>`,
    `Subject: ${subject}`,
    `Date: ${formatDate(now)}`,
    `Message-ID: ${messageIdField}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
  ];
  const body = [`This is the mail server ${hostname}.`, '', ...lines];
  return {
    header: utf8(`${header.join('\r\n')}\r\n`),
    body: utf8(`${body.join('\r\n')}\r\n`),
    messageIdField,
  };
}
