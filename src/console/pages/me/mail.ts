// My mail: what became of what one has sent oneself, in plain words; and one message of it as a time line.

import { html } from 'hono/html';
import type { MyFate, MyMail, MyMessage } from '../../../administration/my-mail.ts';
import { safe } from '../../../base/safe-text.ts';
import { myFateWords, myStory } from '../../my-fate.ts';
import type { Asked, Html, Page } from '../../page.ts';
import { tableHead } from '../../table-head.ts';
import { capital, counted, figure, moment, pageOf } from '../../words.ts';
import { undoForm, undoWindowCard } from './undo.ts';

const MESSAGES = 20;
const WORDS_LENGTH_MAX = 320;
const PATH = '/me';
const MESSAGE = '/me/message';

export const myMail: Page = {
  path: PATH,
  title: 'My mail',
  inMenu: true,
  ofOneself: true,
  needs: ['myMail'],
  async show(asked) {
    const { administration, query } = asked;
    const to = (query.get('to') ?? '').trim().slice(0, WORDS_LENGTH_MAX);
    const before = query.get('before') ?? '';
    const found = await administration().myMail({
      ...{ to, max: MESSAGES },
      ...(before === '' ? {} : { after: before }),
    });
    const { undoSeconds } = found;
    return html`<h1>My mail</h1>
      ${box(to)} ${listOf(asked, found, { to, isFirst: before === '' })}
      ${undoSeconds === undefined ? '' : undoWindowCard(asked, undoSeconds)}`;
  },
};

function box(to: string): Html {
  return html`<form class="card" method="get" action="${PATH}" role="search">
    <div class="row">
      <label class="wide">
        Sent to
        <input
          type="search"
          name="to"
          value="${to}"
          maxlength="${WORDS_LENGTH_MAX}"
          placeholder="a part of the address, such as bob or example.net"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
        />
      </label>
      <button class="main">Find</button>
    </div>
  </form>`;
}

function listOf(
  asked: Asked,
  { messages, next }: MyMail,
  { to, isFirst }: { readonly to: string; readonly isFirst: boolean },
): Html {
  return html`<section class="card">
    <h2>${to === '' ? 'Sent last' : html`To addresses with “${to}” in them`}</h2>
    ${messages.length === 0 ? empty(to, isFirst && next === undefined) : table(asked, messages)}
    ${next === undefined ? '' : html`<p><a class="button" href="${pageOf(PATH, { to, before: next })}">Older mail</a></p>`}
  </section>`;
}

function empty(to: string, isAll: boolean): Html {
  if (!isAll) return html`<p class="empty">None among the ones that were looked through here.</p>`;
  if (to !== '') return html`<p class="empty">You have sent none, or it is so old that it is forgotten.</p>`;
  return html`<p class="empty">
    You have sent nothing over this server yet. <a href="/me/setup">Set up a device</a> to begin.
  </p>`;
}

function table(asked: Asked, messages: readonly MyMessage[]): Html {
  return html`<table class="rows">
    ${tableHead('Sent', 'To', 'What became of it')}
    <tbody>
      ${messages.map((message) => rowsOf(asked, message))}
    </tbody>
  </table>`;
}

/** The other server says better than we do what is wrong. */
const isBad = ({ fate }: MyFate): boolean => fate !== 'delivered' && fate !== 'relayed';

const saidBy = ({ said }: MyFate): Html | '' =>
  said === undefined ? '' : html`<span class="soft small">“${safe(said)}”</span>`;

function rowsOf(asked: Asked, message: MyMessage): Html {
  const { id, acceptedAt, recipients, fates, undoUntil } = message;
  const sent = html`<a href="${pageOf(MESSAGE, { id })}">${moment(acceptedAt)}</a>`;
  const more = recipients - fates.length;
  return html`${fates.map(
    (fate, at) =>
      html`<tr>
        <td data-name="Sent"><span>${sent}</span></td>
        <td data-name="To"><span>${safe(fate.recipient)}</span></td>
        <td data-name="Became">
          <div>
            ${myFateWords(fate, asked.now, undoUntil)} ${isBad(fate) ? saidBy(fate) : ''}
            ${at === 0 ? undoForm(asked, message) : ''}
          </div>
        </td>
      </tr>`,
  )}
  ${
    recipients === 0 || more > 0
      ? html`<tr>
          <td data-name="Sent"><span>${sent}</span></td>
          <td data-name="To"><span>${recipients === 0 ? 'forgotten' : `${figure(more)} more`}</span></td>
          <td data-name="Became"><span></span></td>
        </tr>`
      : ''
  }`;
}

export const myMessage: Page = {
  path: MESSAGE,
  title: 'My message',
  ofOneself: true,
  needs: ['myMessage'],
  async show(asked) {
    const { administration, query, now } = asked;
    const id = (query.get('id') ?? '').trim();
    const { message, steps, left } = await administration().myMessage({ id });
    const { fates, recipients, undoUntil } = message;
    const more = recipients - fates.length;
    return html`<div class="head">
        <h1>My message</h1>
        <span class="id">${message.id}</span>
      </div>
      <section class="card">
        ${factsOf(message)}
        <h2>What became of it</h2>
        <ul class="fates">
          ${fates.map(
            (fate) =>
              html`<li>
                <span>${safe(fate.recipient)}</span> <span>${myFateWords(fate, now, undoUntil)}</span>
                ${saidBy(fate)}
              </li>`,
          )}
          ${more > 0 ? html`<li class="soft">and ${figure(more)} more</li>` : ''}
        </ul>
        ${undoForm(asked, message)}
      </section>
      <section class="card">
        <h2>What happened</h2>
        ${myStory(steps, left)}
        <p class="soft small">
          For help, give your administrator the id above. What other servers do with a mail after they have
          taken it is not known here.
        </p>
      </section>`;
  },
};

function factsOf({ acceptedAt, from, device, octets, recipients }: MyMessage): Html {
  return html`<dl class="facts">
    <dt>Sent</dt>
    <dd>${moment(acceptedAt)}</dd>
    ${
      from === undefined
        ? html`<dt>Recorded</dt>
            <dd>nothing more: it is forgotten</dd>`
        : html`<dt>As</dt>
            <dd>${from === '' ? 'no sender (<>)' : safe(from)}</dd>
            <dt>To</dt>
            <dd>${capital(counted(recipients, 'recipient'))}</dd>`
    }
    ${
      device === undefined
        ? ''
        : html`<dt>With</dt>
            <dd>${safe(device)}</dd>`
    }
    ${
      octets === undefined
        ? ''
        : html`<dt>Size</dt>
            <dd>${figure(octets)} octets</dd>`
    }
  </dl>`;
}
