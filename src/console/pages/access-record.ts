// The access record: who looked at what, when, through what and why; who came into the console. To look at it is recorded as well.

import { html } from 'hono/html';
import type { LooksWanted, ShownLook } from '../../administration/access-record.ts';
import { UseCaseFailure } from '../../administration/failure.ts';
import { safe } from '../../base/safe-text.ts';
import type { Asked, Html, Page } from '../page.ts';
import { reasonField } from '../reason-field.ts';
import { tableHead } from '../table-head.ts';
import { moment, pageOf } from '../words.ts';

const PATH = '/trail/looks';
const ROWS = 50;
const DAY_MS = 86_400_000;
/** Of what somebody asked for. */
const TEXT_MAX = 200;

export const accessRecord: Page = {
  path: PATH,
  title: 'Access record',
  needs: ['listLooks'],
  async show(asked) {
    const { query, config } = asked;
    const reason = (query.get('reason') ?? '').trim();
    const head = html`<h1>Access record</h1>
      ${box(asked)}`;
    if (config().audit.requireReason && reason === '') return head;
    const { looks, next } = await asked.administration(reason).listLooks(wantedIn(query));
    const older = new URLSearchParams(query);
    if (next !== undefined) older.set('after', next);
    return html`${head} ${looks.length === 0 ? nothing(next) : list(looks)}
    ${next === undefined ? '' : html`<p><a class="button" href="${pageOf(PATH, Object.fromEntries(older))}">Older ones</a></p>`}`;
  },
};

function wantedIn(query: URLSearchParams): LooksWanted {
  const who = (query.get('who') ?? '').trim();
  const since = dayIn(query, 'since');
  const until = dayIn(query, 'until');
  const after = query.get('after');
  return {
    max: ROWS,
    ...(who === '' ? {} : { who }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until: until + DAY_MS - 1 }),
    ...(after === null ? {} : { after }),
  };
}

function dayIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new UseCaseFailure(`"${text.slice(0, 40)}" is no day such as 2026-11-23`, 'usage');
  return at;
}

function box({ query, config }: Asked): Html {
  const day = (name: string, words: string): Html =>
    html`<label>${words}<input type="date" name="${name}" value="${query.get(name) ?? ''}" /></label>`;
  const asksWhy = config().audit.requireReason;
  return html`<form class="card" method="get" action="${PATH}" role="search">
    <div class="row">
      <label class="wide"
        >Who (a user or a login)<input
          name="who"
          value="${query.get('who') ?? ''}"
          maxlength="320"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
      /></label>
      ${day('since', 'From the day (UTC)')} ${day('until', 'To the day (UTC)')}
      ${asksWhy ? reasonField({ value: query.get('reason') ?? '', isRequired: true }) : ''}
      <button class="main">Show</button>
    </div>
    <p class="soft small">That you look here is recorded as well.</p>
  </form>`;
}

function nothing(next: string | undefined): Html {
  return html`<section class="card">
    <h2>${next === undefined ? 'Nobody looked' : 'Nothing fits so far'}</h2>
    <p>
      ${next === undefined ? 'Nothing fits what was asked for. What is older than retention is forgotten.' : 'There is more to look through.'}
    </p>
  </section>`;
}

function list(looks: readonly ShownLook[]): Html {
  return html`<section class="card">
    <table class="rows">
      ${tableHead('When', 'Who', 'Did', 'What and why')}
      <tbody>
        ${looks.map(row)}
      </tbody>
    </table>
  </section>`;
}

function row({ at, kind, by, action, detail = {} }: ShownLook): Html {
  const said = Object.entries(detail).filter(([, value]) => value !== '');
  return html`<tr>
    <td data-name="When"><span>${moment(at)}</span></td>
    <td data-name="Who">
      <span>${by === undefined ? html`<span class="soft">forgotten</span>` : safe(by)}</span>
    </td>
    <td data-name="Did"><span>${safe(action ?? (kind === 'look' ? 'looked' : 'came or went'))}</span></td>
    <td data-name="What and why">
      <span
        >${said.map(([name, value]) => html`<span class="soft">${safe(name)}</span> ${shortened(String(value))} `)}</span
      >
    </td>
  </tr>`;
}

function shortened(text: string): string {
  const plain = safe(text);
  return plain.length > TEXT_MAX ? `${plain.slice(0, TEXT_MAX)}…` : plain;
}
