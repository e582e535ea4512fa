// The form that names a part of the queue.

import { html } from 'hono/html';
import { AGES } from '../../administration/queue-views.ts';
import type { QueuePart } from '../../administration/queue-selector.ts';
import { formatDuration } from '../../base/duration.ts';
import { spanWords } from '../../base/span.ts';
import { nextHops } from '../../server/next-hops.ts';
import type { Asked, Html } from '../page.ts';
import { partInWords } from '../queue-words.ts';

/** Names of next hops that are proposed. */
const HOPS = 100;

export function filter({ query, config, may }: Asked, part: QueuePart): Html {
  // Who sees some accounts alone is not told where mail goes.
  const seesHops = may('queueTotals');
  const hops = seesHops ? nextHops(config()).slice(0, HOPS) : [];
  const field = (name: string, words: string, list = ''): Html =>
    html`<label
      >${words}<input
        name="${name}"
        value="${query.get(name) ?? ''}"
        maxlength="320"
        autocomplete="off"
        spellcheck="false"
        ${list === '' ? '' : html`list="${list}"`}
    /></label>`;
  return html`<details class="card" id="queue-filter" ${partInWords(part) === '' ? '' : html`open`}>
    <summary>Only a part of it</summary>
    <form method="get" action="/queue" class="row stack-top">
      ${field('domain', 'To the domain')} ${seesHops ? field('nextHop', 'By the next hop', 'next-hops') : ''}
      ${field('identity', 'Of the account')} ${field('credential', 'Sent with the credential')}
      ${field('from', 'Sender')} ${field('to', 'Recipient')} ${field('id', 'Message id')}
      ${choice(
        query,
        'held',
        'Held',
        new Map([
          ['', 'held or not'],
          ['yes', 'held'],
          ['no', 'not held'],
        ]),
      )}
      ${choice(query, 'olderThan', 'Waiting for at least', ages(query.get('olderThan')))}
      ${choice(query, 'youngerThan', 'Waiting for less than', ages(query.get('youngerThan')))}
      <datalist id="next-hops">${hops.map(({ name }) => html`<option value="${name}"></option>`)}</datalist>
      <button>Show</button>
    </form>
  </details>`;
}

/** With the one that was asked for, whichever it is. */
function ages(asked: string | null): ReadonlyMap<string, string> {
  const known = AGES.map((ms) => [formatDuration(ms), spanWords(ms)] as const);
  const own = asked === null || asked === '' ? [] : [[asked, asked] as const];
  return new Map([['', 'however long'], ...own, ...known]);
}

function choice(
  query: URLSearchParams,
  name: string,
  words: string,
  options: ReadonlyMap<string, string>,
): Html {
  const chosen = query.get(name) ?? '';
  return html`<label>
    ${words}
    <select name="${name}">
      ${[...options].map(
        ([value, shown]) =>
          html`<option value="${value}" ${chosen === value ? html`selected` : ''}>${shown}</option>`,
      )}
    </select>
  </label>`;
}
