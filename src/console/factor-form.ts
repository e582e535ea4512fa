// What is asked of whoever has a second factor: the digits of his app or a recovery code, or a passkey where the browser can.

import { html } from 'hono/html';
import type { Html } from './page.ts';

export interface FactorForm {
  readonly action: string;
  /** Hidden fields of both forms, the token among them. */
  readonly hidden: Html;
  /** Names of the fields. */
  readonly code: string;
  readonly answer: string;
  /** What the browser is asked for, as JSON. Absent: there is no passkey, or not here. */
  readonly passkey?: string | undefined;
}

export function factorForm({ action, hidden, code, answer, passkey }: FactorForm): Html {
  return html`<p>Type the six digits that your authenticator app shows now, or a recovery code.</p>
    <form class="sign-in" method="post" action="${action}">
      ${hidden}
      <label
        >Code<input
          name="${code}"
          autocomplete="one-time-code"
          autocapitalize="none"
          spellcheck="false"
          maxlength="40"
          required
          autofocus
      /></label>
      <button class="main">Go on</button>
    </form>
    ${
      passkey === undefined
        ? ''
        : html`<form method="post" action="${action}" data-passkey="${passkey}" hidden>
            ${hidden}
            <input type="hidden" name="${answer}" />
            <button>Use a passkey</button>
            <p role="alert"></p>
          </form>`
    }`;
}
