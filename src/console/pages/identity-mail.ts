// Of an account: its mail of four weeks as a picture; its last mails and refusals, which is a look that the trail keeps; and who looked.

import { html } from 'hono/html';
import type { AccountDays, AccountLook } from '../../administration/account-mail.ts';
import { fatesOf } from '../../audit/fates.ts';
import type { TraceAnswer } from '../../audit/trace.ts';
import { safe } from '../../base/safe-text.ts';
import { chart } from '../chart.ts';
import { fateStates, state } from '../fate.ts';
import type { Asked, Html } from '../page.ts';
import { REASON_LENGTH_MAX } from '../reason-field.ts';
import { tableHead } from '../table-head.ts';
import { counted, figure, moment, pageOf } from '../words.ts';
import { ACCOUNT } from './identity-forms.ts';

export function fourWeeks({ days, isCut }: AccountDays): Html {
  const sum = days.reduce((all, { accepted }) => all + accepted, 0);
  return html`<section class="card">
    <h2>The last ${days.length} days</h2>
    <p>
      ${isCut ? 'At least ' : ''}${isCut && sum === 0 ? '0 messages' : counted(sum, 'message')}
      accepted${isCut ? ': only the newest events are counted, and earlier days are missing' : ''}.
    </p>
    ${chart({
      ...{ id: 'days', title: `Mail of the last ${days.length} days`, spans: days, each: 'day' },
      ...{ when: dayOf, last: 'today' },
    })}
  </section>`;
}

/** A day in UTC is no moment: the script must not tell it in the time of the reader. */
const dayOf = (at: number): Html => html`${new Date(at).toISOString().slice(0, 10)}`;

const MAILS = 10;
const RECIPIENTS = 2;

/** What was asked for: shown only when somebody wants to see it, for the trail keeps that he did. */
export async function lastMail(
  asked: Asked,
  { id, login }: { readonly id: string; readonly login: string },
): Promise<Html> {
  const { query, config } = asked;
  const reason = (query.get('reason') ?? '').trim().slice(0, REASON_LENGTH_MAX);
  const isWanted = query.get('mail') === 'yes' && (reason !== '' || !config().audit.requireReason);
  if (!isWanted) return mailQuestion(login, config().audit.requireReason);
  // By its id: nobody else's mail, if only to it, is among it.
  const traced = await asked.administration(reason).traceWords({ words: id, range: { max: MAILS } });
  return listOf(login, traced?.answer ?? { messages: [], refusals: [], more: false });
}

function mailQuestion(login: string, isReasonNeeded: boolean): Html {
  return html`<section class="card">
    <h2>Last mails and refusals</h2>
    <form method="get" action="${ACCOUNT}" class="row">
      <input type="hidden" name="login" value="${login}" />
      <input type="hidden" name="mail" value="yes" />
      <label
        >Why do you look? It is kept in the trail.<input
          name="reason"
          maxlength="${REASON_LENGTH_MAX}"
          ${isReasonNeeded ? html`required` : ''}
      /></label>
      <button>Show them</button>
    </form>
  </section>`;
}

function listOf(login: string, { messages, refusals }: TraceAnswer): Html {
  return html`<section class="card">
    <div class="head">
      <h2>Last mails and refusals</h2>
      <a href="${pageOf('/trace', { q: login })}">All of them</a>
    </div>
    ${
      messages.length + refusals.length === 0
        ? html`<p class="empty">The trail knows of none.</p>`
        : html`<table class="rows">
            ${tableHead('When', 'To', 'State')}
            <tbody>
              ${messages.map(mail)} ${refusals.map(refusal)}
            </tbody>
          </table>`
    }
  </section>`;
}

function mail({ id, acceptedAt, accepted, events }: TraceAnswer['messages'][number]): Html {
  const recipients = accepted?.envelope.recipients ?? [];
  const fates: Partial<Record<ReturnType<typeof fatesOf>[number]['fate'], number>> = {};
  for (const { fate } of fatesOf(accepted, events)) fates[fate] = (fates[fate] ?? 0) + 1;
  const more = recipients.length - RECIPIENTS;
  return html`<tr>
    <td data-name="When"><a href="${pageOf('/trace', { q: id })}">${moment(acceptedAt)}</a></td>
    <td data-name="To">
      <span
        >${recipients
          .slice(0, RECIPIENTS)
          .map(({ forwardPath }, at) => html`${at === 0 ? '' : ', '}${safe(forwardPath)}`)}${
          more > 0 ? ` and ${figure(more)} more` : ''
        }${accepted === undefined ? html`<span class="soft">forgotten</span>` : ''}</span
      >
    </td>
    <td data-name="State"><span>${fateStates(fates)}</span></td>
  </tr>`;
}

function refusal({ type, time, payload }: TraceAnswer['refusals'][number]): Html {
  const to = type === 'refused' ? (payload?.forwardPaths ?? []).slice(0, RECIPIENTS) : [];
  return html`<tr>
    <td data-name="When">${moment(time)}</td>
    <td data-name="To"><span>${to.map((path, at) => html`${at === 0 ? '' : ', '}${safe(path)}`)}</span></td>
    <td data-name="State">
      <span
        >${state('fail', type === 'refused' ? 'refused' : 'log-in failed')}
        ${payload === undefined ? '' : safe(payload.cause)}${
          payload === undefined || payload.count < 2 ? '' : `, ${figure(payload.count)} times`
        }</span
      >
    </td>
  </tr>`;
}

export function whoLooked(login: string, looks: readonly AccountLook[], isMore: boolean): Html {
  return html`<section class="card">
    <h2>Who looked</h2>
    ${
      looks.length === 0
        ? html`<p class="empty">Nobody looked at its mail, as far back as the trail is kept.</p>`
        : html`<ul class="fates">
            ${looks.map(
              ({ at, by, action, reason }) =>
                html`<li>
                  ${moment(at)} <span>${safe(by)}</span>
                  <span class="soft">${action}${reason === '' ? '' : html`: ${safe(reason)}`}</span>
                </li>`,
            )}
          </ul>`
    }
    ${isMore ? html`<p class="soft small">There are more: <code>GET /api/v1/accounts/${login}/looks</code>.</p>` : ''}
  </section>`;
}
