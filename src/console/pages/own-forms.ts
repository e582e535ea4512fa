// What the forms share by which is changed what lets a person in.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../administration/failure.ts';
import type { Asked, Html } from '../page.ts';

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

const PASSWORD_LENGTH_MAX = 1024;

export function passwordField(
  name: string,
  words: string,
  autocomplete: 'current-password' | 'new-password',
): Html {
  return html`<label>
    ${words}
    <input
      type="password"
      name="${name}"
      autocomplete="${autocomplete}"
      maxlength="${PASSWORD_LENGTH_MAX}"
      required
    />
  </label>`;
}

/** The revision of the account for which this is its password. Throws `UseCaseFailure`. */
export async function revisionProven(
  { provesPassword }: Pick<Asked, 'provesPassword'>,
  password: string,
): Promise<number> {
  const judged = await provesPassword(password);
  if (judged.type === 'right') return judged.revision;
  throw judged.type === 'notNow'
    ? new UseCaseFailure('your password can not be judged now: try again in a minute', 'trouble')
    : new UseCaseFailure('that is not your present password: nothing was changed', 'denied');
}
