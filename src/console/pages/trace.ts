// Trace: one box for anything. Words are looked for by a link that can be followed; a pasted message, header or complaint is sent as a form, and compared with what was recorded.

import { html } from 'hono/html';
import { questionOfMessage } from '../../audit/question-of-message.ts';
import type { FileQuestion } from '../../audit/question.ts';
import type { TraceAnswer } from '../../audit/trace.ts';
import type { TracedWords } from '../../administration/trace.ts';
import { UseCaseFailure } from '../../administration/failure.ts';
import { safe } from '../../base/safe-text.ts';
import type { Act, Asked, Html, Page } from '../page.ts';
import { type StillQueued, stillQueued } from '../still-queued.ts';
import { tracedMessage } from '../traced-message.ts';
import { tracedRefusal } from '../traced-refusal.ts';
import { moment, pageOf } from '../words.ts';
import { tokenField } from '../token-field.ts';

/** Messages and refusals of one answer. */
const ANSWERS = 20;
const WORDS_LENGTH_MAX = 1000;

export const trace: Page = {
  path: '/trace',
  title: 'Trace',
  inMenu: true,
  // For who looks after others: a user has his own mail.
  needs: ['traceWords', 'pageAccounts'],
  async show(asked) {
    const words = (asked.query.get('q') ?? '').trim().slice(0, WORDS_LENGTH_MAX);
    const reason = (asked.query.get('reason') ?? '').trim();
    if (words === '' || needsReason(asked, reason)) return form(asked, words, reason);
    const before = asked.query.get('before') ?? '';
    const range = { max: ANSWERS, ...(before === '' ? {} : { after: before }) };
    const traced = await asked.administration(reason).traceWords({ words, range });
    const queued = await stillQueued(asked, traced?.answer.messages ?? []);
    return html`${form(asked, words, reason)}
    ${answerToWords({ words, reason, traced, queued, now: asked.now })}`;
  },
};

/** A message goes in a form: it is too long for an address, and has no business in the history of a browser. */
export const traceText: Act = {
  path: '/trace',
  async carryOut(asked, sent) {
    const text = sent.get('text') ?? '';
    const reason = (sent.get('reason') ?? '').trim();
    if (text.trim() === '')
      throw new UseCaseFailure(
        'there is nothing to look for: the whole message with its header is wanted',
        'usage',
      );
    const question = questionOfMessage(Buffer.from(text), asked.config().hostname);
    const answer = await asked.administration(reason).traceFile({ question, max: ANSWERS });
    const queued = await stillQueued(asked, answer.messages);
    return {
      title: 'Trace',
      content: html`${form(asked, '', reason)} ${answerToMessage(question, answer, queued, asked.now)}`,
    };
  },
};

const needsReason = ({ config }: Asked, reason: string): boolean =>
  reason === '' && config().audit.requireReason;

function form(asked: Asked, words: string, reason: string): Html {
  const asksWhy = asked.config().audit.requireReason;
  const why = asksWhy
    ? html`<label
        >Why do you look? It is recorded.<input name="reason" value="${reason}" required maxlength="500"
      /></label>`
    : '';
  return html`<h1>Trace</h1>
    <form class="card" method="get" action="/trace" role="search">
      <div class="row">
        <label class="wide">
          Who sent this, what became of it?
          <input
            type="search"
            name="q"
            id="trace-words"
            value="${words}"
            maxlength="${WORDS_LENGTH_MAX}"
            placeholder="id, label of a Received line, Message-ID, address, login, client address"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            ${words === '' ? html`autofocus` : ''}
            required
          />
        </label>
        ${why}
        <button class="main">Trace</button>
      </div>
      ${
        words !== '' && asksWhy && reason === ''
          ? html`<p class="state wait">Say why first: this site asks for a reason.</p>`
          : html`<p class="soft small">Each look is recorded with your name.</p>`
      }
    </form>
    <details class="card" id="trace-paste">
      <summary>Or a whole message, its header, or a complaint: as text or file</summary>
      <form method="post" action="/trace" class="stack" data-drop>
        ${tokenField(asked.session.formToken)}
        <label>
          The message as it arrived, with its header.
          <textarea name="text" rows="8" required spellcheck="false"></textarea>
        </label>
        <label hidden data-file>
          Or its file, chosen here or dropped anywhere on this page.
          <input type="file" accept=".eml,.txt,message/rfc822,text/plain" />
        </label>
        <div class="row">${why}<button class="main">Compare and trace</button></div>
      </form>
    </details>`;
}

interface Told {
  readonly words: string;
  readonly reason: string;
  readonly traced: TracedWords | undefined;
  readonly queued: StillQueued;
  readonly now: number;
}

function answerToWords({ words, reason, traced, queued, now }: Told): Html {
  if (traced === undefined)
    return nothing(
      words,
      'It is no id, label, Message-ID or address, and there is no such account. Try the whole address, or what stands in angle brackets after Message-ID.',
    );
  const { identities, answer } = traced;
  const accounts = identities.map(
    ({ login, state, removedAt }) =>
      html`<p class="card">
        <span
          ><a href="${pageOf('/identity', { login })}">${login}</a> is an account here,
          ${state}${removedAt === undefined ? '' : html` since ${moment(removedAt)}`}.</span
        >
      </p>`,
  );
  const { messages, refusals, next } = answer;
  const all = [
    ...messages.map((message) => ({
      at: message.acceptedAt,
      shown: tracedMessage(message, queued.get(message.id), now),
    })),
    ...refusals.map((event) => ({ at: event.time, shown: tracedRefusal(event) })),
  ].toSorted((one, other) => other.at - one.at);
  const older = pageOf('/trace', { q: words, reason, before: next });
  return html`${accounts}
  ${
    all.length === 0 && next === undefined
      ? nothing(
          words,
          'It did not pass here, or it is older than retention and forgotten. Subjects are not kept: they are content.',
        )
      : all.map(({ shown }) => shown)
  }
  ${next === undefined ? '' : html`<p><a class="button" href="${older}">Older ones</a></p>`}`;
}

function answerToMessage(
  { shown }: FileQuestion,
  { messages }: TraceAnswer,
  queued: StillQueued,
  now: number,
): Html {
  const [first] = shown;
  const claims = first?.claimedFrom.map(safe).join(', ') ?? '';
  const claimed = html`<p class="card">
    <span
      >This message claims to be from <strong>${claims === '' ? 'nobody' : claims}</strong>. What the trail
      says of it:</span
    >
  </p>`;
  if (messages.length > 0)
    return html`${claimed} ${messages.map((message) => tracedMessage(message, queued.get(message.id), now))}`;
  return html`${claimed}
  ${nothing(
    'this message',
    'It did not pass here, its lines were changed on the way, or retention has ended. Try its sender address above.',
  )}`;
}

function nothing(words: string, why: string): Html {
  return html`<section class="card">
    <h2>The trail knows nothing of ${words}</h2>
    <p>${why}</p>
  </section>`;
}
