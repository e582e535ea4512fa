// What the forms of the page Sign-in share.

import { html } from 'hono/html';
import type { Html } from '../page.ts';

export const OWN_SIGN_IN = '/me/sign-in';

/** Whoever changes what lets him in shows that it is he. */
export function proof(): Html {
  return html`<label>
    A fresh code of your present app, or a recovery code
    <input
      name="proof"
      autocomplete="one-time-code"
      autocapitalize="off"
      spellcheck="false"
      maxlength="40"
      required
    />
  </label>`;
}
