// The forms of an account's page, and the question that stands before what can't be taken back.

import { html } from 'hono/html';
import type { Asked, Html, Outcome } from '../page.ts';
import { pageOf } from '../words.ts';
import { reasonField } from '../reason-field.ts';
import { tokenField } from '../token-field.ts';

export const ACCOUNT = '/identity';

type Fields = Readonly<Record<string, string>>;

/** `fields`: that say what is to be done to whom. */
export function actForm({ session }: Pick<Asked, 'session'>, fields: Fields, content: Html): Html {
  return html`<form method="post" action="${ACCOUNT}" class="row">
    ${tokenField(session.formToken)} ${hidden(fields)} ${content}
  </form>`;
}

const hidden = (fields: Fields): readonly Html[] =>
  Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );

export interface Question {
  readonly title: string;
  readonly words: Html | string;
  readonly button: string;
  readonly isBad?: true;
}

/** `form`: as it came; it is sent again with `sure`. */
export function asksFirst(
  { session }: Pick<Asked, 'session'>,
  login: string,
  form: URLSearchParams,
  { title, words, button, isBad }: Question,
): Outcome {
  const kept = Object.fromEntries([...form].filter(([name]) => !['token', 'sure', 'reason'].includes(name)));
  return {
    title: 'Are you sure?',
    content: html`<section class="gate">
      <h1>${title}</h1>
      <p>${words}</p>
      <form method="post" action="${ACCOUNT}" class="stack">
        ${tokenField(session.formToken)} ${hidden({ ...kept, sure: 'yes' })}
        ${reasonField({ value: form.get('reason') ?? '' })}
        <div class="row">
          <button class="${isBad === true ? 'bad' : 'main'}">${button}</button>
          <a class="button" href="${pageOf(ACCOUNT, { login })}">Leave it as it is</a>
        </div>
      </form>
    </section>`,
  };
}

/** A secret that nobody sees again. */
export function shownOnce(login: string, title: string, words: string, secret: string): Outcome {
  return {
    title,
    content: html`<section class="gate">
      <h1>${title}</h1>
      <p>${words}</p>
      <pre>${secret}</pre>
      <p>It is shown once: it is kept nowhere.</p>
      <a class="button" href="${pageOf(ACCOUNT, { login })}">To the account</a>
    </section>`,
  };
}
