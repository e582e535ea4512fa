// Queue: what waits, why, and for how long; a part of it chosen by words, or message by message, and what can be done to it.

import { html } from 'hono/html';
import type { QueueList } from '../../administration/queue-looks.ts';
import type { QueuePart } from '../../administration/queue-selector.ts';
import type { ListedEntry } from '../../administration/queue-why.ts';
import { safe } from '../../base/safe-text.ts';
import { state } from '../fate.ts';
import type { Asked, Html, Page } from '../page.ts';
import { queueButtons } from '../queue-buttons.ts';
import { cursorOf, hiddenPart, pageOfPart, partInWords, partOf } from '../queue-words.ts';
import { filter } from './queue-filter.ts';
import { totalsOf } from './queue-totals.ts';
import { ACCOUNTS, byAccount, byAge } from './queue-views.ts';
import { tableHead, unseen } from '../table-head.ts';
import { ago, counted, figure, moment, pageOf } from '../words.ts';
import { tokenField } from '../token-field.ts';

const ROWS = 50;

export const queue: Page = {
  path: '/queue',
  title: 'Queue',
  inMenu: true,
  needs: ['countQueue'],
  async show(asked) {
    const part = partOf(asked.query);
    const after = cursorOf(asked.query.get('after'));
    const administration = asked.administration();
    // Who sees some accounts alone has to name one.
    const isListed = asked.may('queueTotals') || part.identity !== undefined || part.id !== undefined;
    const [list, views] = await Promise.all([
      isListed
        ? administration.listQueue({ part, max: ROWS, ...(after === undefined ? {} : { after }) })
        : undefined,
      after === undefined ? viewsOf(asked, part) : '',
    ]);
    return html`<h1>Queue</h1>
      ${views} ${filter(asked, part)}
      ${list === undefined ? nameOne(part) : list.entries.length === 0 ? empty(part) : listed(asked, part, list)}`;
  },
};

/** Of the whole queue all of them; of one account how long its mail waits. */
async function viewsOf(asked: Asked, part: QueuePart): Promise<Html> {
  const { identity, ...others } = part;
  if (Object.keys(others).length > 0) return html``;
  const administration = asked.administration();
  const seesAll = asked.may('queueTotals');
  const [totals, accounts, ages] = await Promise.all([
    seesAll && identity === undefined ? administration.queueTotals() : undefined,
    identity === undefined ? administration.queueByIdentity({ max: ACCOUNTS }) : undefined,
    seesAll || identity !== undefined
      ? administration.queueByAge({ part: identity === undefined ? {} : { identity } })
      : undefined,
  ]);
  if (totals?.messages === 0) return html``;
  return html`${totals === undefined ? '' : totalsOf(totals, await downHops(asked), asked)}
    <div class="pair">
      ${accounts === undefined ? '' : byAccount(accounts, totals?.deliveries, asked.now)}
      ${ages === undefined ? '' : byAge(ages, part)}
    </div>`;
}

async function downHops({ may, condition }: Asked): Promise<ReadonlySet<string>> {
  if (!may('serverStatus')) return new Set();
  return new Set((await condition()).downHops.map(({ route }) => route));
}

function nameOne(part: QueuePart): Html {
  if (partInWords(part) === '') return html``;
  return html`<p class="notice" role="status">
    Name an account or a message above, too: your role sees the queue account by account.
  </p>`;
}

function empty(part: QueuePart): Html {
  const words = partInWords(part);
  return html`<section class="card">
    <h2>${words === '' ? 'The queue is empty' : 'Nothing in the queue matches'}</h2>
    <p class="soft">
      ${words === '' ? 'What was accepted has been delivered or passed on, or its sender was told why not.' : `Asked for: ${words}.`}
    </p>
  </section>`;
}

function listed({ session, now }: Asked, part: QueuePart, { entries, deliveries, next }: QueueList): Html {
  const words = partInWords(part);
  const count = deliveries ?? entries.length;
  return html`<form method="post" action="/queue" class="card">
    ${tokenField(session.formToken)} ${hiddenPart(part)}
    <div class="head">
      <h2>${words === '' ? 'Waiting, the oldest first' : `Waiting: ${words}`}</h2>
      <span class="soft small">${counted(count, 'recipient')}</span>
    </div>
    <table class="rows">
      ${tableHead(unseen('Choose'), 'For', 'State', 'From and to', 'Why', 'Message')}
      <tbody>
        ${entries.map((one) => row(one, now))}
      </tbody>
    </table>
    ${next === undefined ? '' : html`<p><a class="button" href="${pageOfPart(part, next)}">More</a></p>`}
    <div class="row chosen" role="group" aria-label="What to do">
      <label>
        With
        <select name="what">
          <option value="chosen">the chosen messages</option>
          <option value="part">
            ${words === '' ? `the whole queue (${figure(count)})` : `all that match (${figure(count)})`}
          </option>
        </select>
      </label>
      ${queueButtons()}
    </div>
  </form>`;
}

function row({ entry, waiting }: ListedEntry, now: number): Html {
  const { message, delivery, dueAt, heldBy, active } = entry;
  const from = message.envelope.reversePath === '' ? '<>' : safe(message.envelope.reversePath);
  const to = safe(delivery.recipient.forwardPath);
  const next = heldBy.length > 0 || active ? '' : dueAt <= now ? 'due now' : html`next try ${moment(dueAt)}`;
  return html`<tr>
    <td data-name="Choose">
      <input type="checkbox" name="id" value="${message.id}" aria-label="Choose ${message.id} to ${to}" />
    </td>
    <td data-name="For"><span>${ago(message.acceptedAt, now)}</span></td>
    <td data-name="State">
      <span
        >${stateOf(entry, waiting)}${waiting.attempts === 0 ? '' : html`<br /><span class="soft">${counted(waiting.attempts, 'attempt')}</span>`}</span
      >
    </td>
    <td data-name="From, to">
      <span
        >${from}<br />${to}${waiting.login === undefined || waiting.login === from ? '' : html`<br /><span class="soft">by ${waiting.login}</span>`}</span
      >
    </td>
    <td data-name="Why">
      <span>${safe(waiting.why)}${next === '' ? '' : html`<br /><span class="soft">${next}</span>`}</span>
    </td>
    <td data-name="Message">
      <a class="id" href="${pageOf('/queue/message', { id: message.id })}">${message.id}</a>
    </td>
  </tr>`;
}

export function stateOf({ heldBy, active }: ListedEntry['entry'], { last }: ListedEntry['waiting']): Html {
  if (heldBy.length > 0) return state('hold', 'held');
  if (active) return state('none', 'under way');
  return last === undefined ? state('none', 'not tried yet') : state('wait', 'put off');
}
