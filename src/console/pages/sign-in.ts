// Pages of the way in: by a link, by password, by code.

import { html } from 'hono/html';
import { factorForm } from '../factor-form.ts';
import type { Html } from '../page.ts';
import { tokenField } from '../token-field.ts';

const SESSION_OVER =
  'You are not signed in, or your session has ended: after half an hour without use, after twelve hours, or because the account, its password or its second factor was changed.';

const HOW = html`<details>
  <summary>No password, no second factor, or the first time?</summary>
  <p>
    Whoever looks after your account can set a password for you on its page here. Or a link lets you in: who
    may run commands as the user of the server makes one, and it is opened within ten minutes:
  </p>
  <pre><code>postern console link
postern console link LOGIN</code></pre>
</details>`;

export interface SignInShown {
  /** A page of ours. */
  readonly next: string;
  readonly login?: string;
  readonly words?: string;
  readonly isFailure?: true;
}

export function signIn({ next, login = '', words = SESSION_OVER, isFailure }: SignInShown): Html {
  return html`<section class="gate">
    <h1>Sign in</h1>
    <p ${isFailure === true ? html`role="alert"` : ''}>${words}</p>
    <form class="sign-in" method="post" action="/sign-in">
      <input type="hidden" name="next" value="${next}" />
      <label
        >Login<input
          name="login"
          value="${login}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          maxlength="320"
          required
          ${login === '' ? html`autofocus` : ''}
      /></label>
      <label
        >Password<input
          type="password"
          name="password"
          autocomplete="current-password"
          maxlength="1024"
          required
          ${login === '' ? '' : html`autofocus`}
      /></label>
      <button class="main">Sign in</button>
    </form>
    ${HOW}
  </section>`;
}

export interface WhichCode {
  /** Of this half of a sign-in. */
  readonly token: string;
  /** What the browser is asked for, as JSON. Absent: there is no passkey, or not here. */
  readonly passkey?: string;
  readonly words?: string;
}

export function whichCode({ token, passkey, words }: WhichCode): Html {
  return html`<section class="gate">
    <h1>Your code</h1>
    ${words === undefined ? '' : html`<p role="alert">${words}</p>`}
    ${factorForm({ action: '/sign-in/code', hidden: tokenField(token), code: 'code', answer: 'answer', passkey })}
    <p class="soft small">
      Both lost? Ask your administrator: he can take the second factor away, after making sure who you are.
    </p>
  </section>`;
}

export function needsSecondFactor(login: string): Html {
  return html`<section class="failure" role="alert">
    <h1>This account needs a second factor first</h1>
    <p>
      ${login} may do more than look after itself, so its password alone lets nobody in. Open the console once
      by a link, and set up a second factor there. On the server:
    </p>
    <pre><code>postern console link ${login}</code></pre>
  </section>`;
}

export function letIn(who: string, secret: string): Html {
  return html`<section class="gate">
    <h1>Open the console</h1>
    <p>
      This link was made for <strong>${who}</strong>. It works once. What you do in the console is recorded
      under this name.
    </p>
    <form method="post" action="/sign-in">
      <input type="hidden" name="secret" value="${secret}" />
      <button class="main" autofocus>Open the console</button>
    </form>
  </section>`;
}

export function linkIsOver(): Html {
  return html`<section class="gate">
    <h1>This link is over</h1>
    <p>It was used already, it is older than ten minutes, or the server was started again since.</p>
    <p><a href="/sign-in">Sign in by password</a></p>
    ${HOW}
  </section>`;
}

export function signedOut(): Html {
  return html`<section class="gate">
    <h1>Signed out</h1>
    <p>You are signed out.</p>
    <p><a href="/sign-in">Sign in again</a></p>
  </section>`;
}
