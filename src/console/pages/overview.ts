// Overview: how it is, in one sentence; what has gone through, what came last, what waits longest, which next hops are down. Its parts are sent again as they change.

import { html } from 'hono/html';
import { WATCHED_MAX } from '../../administration/domain-watch.ts';
import type { ListedDomains } from '../../administration/domains.ts';
import type { NearLimit } from '../../administration/near-limits.ts';
import type { TotalsByHop } from '../../administration/queue-hops.ts';
import type { ListedEntry } from '../../administration/queue-why.ts';
import type { RecentMessage } from '../../administration/recent-messages.ts';
import type { VerificationView } from '../../audit/verifier.ts';
import { safe } from '../../base/safe-text.ts';
import { nextHops } from '../../server/next-hops.ts';
import { flowKinds, nothing, sum } from '../../server/flow.ts';
import { chart } from '../chart.ts';
import type { ConsoleCondition } from '../condition.ts';
import { domainStates } from '../domain-states.ts';
import { fateStates } from '../fate.ts';
import { firstMail } from '../first-mail.ts';
import { nearLimitsCard } from '../near-limits.ts';
import type { Asked, Html, Page } from '../page.ts';
import { watched } from '../watched.ts';
import { verdict } from '../verdict.ts';
import { tableHead } from '../table-head.ts';
import { ago, figure, moment, pageOf } from '../words.ts';
import { stateOf } from './queue.ts';

const RECENT = 10;
/** Of those that wait longest: so many are looked at, and so many are shown. */
export const WAITING = 20;
const WAITING_SHOWN = 6;

export const overview: Page = {
  path: '/',
  title: 'Overview',
  inMenu: true,
  needs: ['serverStatus', 'queueTotals', 'listDomains'],
  show: async (asked) =>
    html`<div class="head">
        <h1>Overview</h1>
        <p class="soft small" data-live>Load this page again to see what is new.</p>
      </div>
      ${await overviewParts(asked)}`,
};

interface Seen {
  readonly condition: ConsoleCondition;
  /** Undefined: the store does not answer. */
  readonly queue: { readonly waiting: readonly ListedEntry[]; readonly totals: TotalsByHop } | undefined;
  readonly recent: readonly RecentMessage[] | undefined;
  readonly nearLimits: readonly NearLimit[] | undefined;
  readonly domains: ListedDomains;
  readonly verification: VerificationView | undefined;
}

/** What the stream sends: each part has an id, and takes the place of the one that is shown. */
export async function overviewParts(
  asked: Pick<Asked, 'administration' | 'condition' | 'config' | 'may' | 'now'>,
): Promise<Html> {
  const seen = await look(asked);
  const { now } = asked;
  const { flow } = seen.condition;
  const isNew = seen.recent?.length === 0 && flow.day.reduce(sum, nothing).accepted === 0;
  return html`<div aria-live="polite">${verdict({ ...seen, hops: nextHops(asked.config()), now })}</div>
    ${isNew ? firstMail(asked.config()) : html`<div id="live-first" hidden></div>`}
    <div class="pair">${hour(seen.condition)} ${recentMail(seen.recent)}</div>
    <div class="pair">
      ${watched(seen.condition, seen.queue?.totals, now)} ${domainStates(seen.domains, now)}
    </div>
    ${asked.may('nearLimits') ? nearLimitsCard(seen.nearLimits) : ''}
    <div class="pair">${longest(seen.queue?.waiting, now)} ${day(seen.condition)}</div>`;
}

async function look({
  condition,
  may,
  ...asked
}: Pick<Asked, 'administration' | 'condition' | 'may'>): Promise<Seen> {
  const administration = asked.administration();
  const domains = await administration.listDomains({ max: WATCHED_MAX });
  const { verification } = may('showVerification') ? await administration.showVerification() : {};
  const [now, queue, recent, near] = await Promise.allSettled([
    condition(),
    Promise.all([administration.listQueue({ part: {}, max: WAITING }), administration.queueTotals()]),
    administration.recentMessages({ max: RECENT }),
    may('nearLimits') ? administration.nearLimits() : undefined,
  ]);
  if (now.status === 'rejected') throw now.reason;
  const [listed, totals] = queue.status === 'fulfilled' ? queue.value : [];
  return {
    ...{ condition: now.value, domains, verification },
    queue: listed && totals && { waiting: listed.entries, totals },
    recent: recent.status === 'fulfilled' ? recent.value : undefined,
    nearLimits: near.status === 'fulfilled' ? near.value?.accounts : undefined,
  };
}

function hour({ flow }: ConsoleCondition): Html {
  const total = flow.hour.reduce(sum, nothing);
  return html`<section class="card" id="live-hour">
    <h2>The last hour</h2>
    <dl class="figures">
      ${flowKinds.map(
        (kind) =>
          html`<div class="${total[kind] === 0 ? 'zero' : ''}">
            <dt>${kind}</dt>
            <dd>${figure(total[kind])}</dd>
          </div>`,
      )}
    </dl>
    ${chart({ id: 'hour', title: 'Mail of the last hour, minute by minute', spans: flow.hour, each: 'minute' })}
    <p class="soft small">Counted by this server since ${moment(flow.since)}.</p>
  </section>`;
}

function day({ flow }: ConsoleCondition): Html {
  return html`<section class="card" id="live-day">
    <h2>The last day</h2>
    ${chart({ id: 'day', title: 'Mail of the last day, by quarters of an hour', spans: flow.day, each: 'quarter of an hour' })}
  </section>`;
}

function recentMail(recent: readonly RecentMessage[] | undefined): Html {
  return html`<section class="card" id="live-recent">
    <div class="head">
      <h2>Accepted last</h2>
      <span class="soft small">Who sent it: follow the id. The trail keeps that you looked.</span>
    </div>
    ${
      recent === undefined
        ? html`<p class="empty">The store does not answer.</p>`
        : recent.length === 0
          ? html`<p class="empty">Nothing yet.</p>`
          : html`<table class="rows">
              ${tableHead('When', 'Message', 'To', 'State')}
              <tbody>
                ${recent.map(recentRow)}
              </tbody>
            </table>`
    }
  </section>`;
}

function recentRow({ id, acceptedAt, domains, recipients, fates }: RecentMessage): Html {
  const more = recipients > 1 ? `, ${figure(recipients)} recipients` : '';
  return html`<tr data-row="${id}">
    <td data-name="When">${moment(acceptedAt)}</td>
    <td data-name="Message">
      <a class="id" id="recent-${id}" href="${pageOf('/trace', { q: id })}">${id}</a>
    </td>
    <td data-name="To"><span>${domains.join(', ')}${more}</span></td>
    <td data-name="State"><span>${fateStates(fates)}</span></td>
  </tr>`;
}

function longest(waiting: readonly ListedEntry[] | undefined, now: number): Html {
  return html`<section class="card" id="live-longest">
    <div class="head">
      <h2>Waits longest</h2>
      <a class="small" href="/queue">The whole queue</a>
    </div>
    ${
      waiting === undefined
        ? html`<p class="empty">The store does not answer.</p>`
        : waiting.length === 0
          ? html`<p class="empty">Nothing waits.</p>`
          : html`<table class="rows">
              ${tableHead('For', 'Message', 'Why')}
              <tbody>
                ${waiting.slice(0, WAITING_SHOWN).map(({ entry, waiting: why }) => {
                  const { message } = entry;
                  return html`<tr>
                    <td data-name="For">${ago(message.acceptedAt, now)}</td>
                    <td data-name="Message">
                      <a class="id" href="${pageOf('/trace', { q: message.id })}">${message.id}</a>
                    </td>
                    <td data-name="Why">
                      <span
                        >${stateOf(entry, why)}
                        ${entry.heldBy.length > 0 ? '' : safe(why.last?.status ?? '')}</span
                      >
                    </td>
                  </tr>`;
                })}
              </tbody>
            </table>`
    }
  </section>`;
}
