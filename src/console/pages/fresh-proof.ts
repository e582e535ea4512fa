// In between: whoever asks for what takes a fresh proof shows first that it is he. What he asked for stands in the same form, and goes on with it.

import { html } from 'hono/html';
import type { UseCaseName } from '../../administration/use-cases.ts';
import { factorForm } from '../factor-form.ts';
import type { Html } from '../page.ts';
import { tokenField } from '../token-field.ts';

/** Fields of this page alone. */
export const CODE = 'fresh-code';
export const ANSWER = 'fresh-answer';
export const LINK = 'fresh-link';
/** For which use case: to be told so once more. */
export const FOR = 'fresh-for';
export const TITLE = 'Show that it is you';

/** What is asked for, as the beginning of a sentence. */
const proofWords: Readonly<Partial<Record<UseCaseName, string>>> = {
  addAccount: 'To make an account',
  setPassword: 'To set a password',
  addAppPassword: 'To make an app password for somebody',
  revokePassword: 'To revoke the password of somebody',
  revokeAppPassword: 'To revoke an app password of somebody',
  revokeAppPasswords: 'To revoke the app passwords of somebody',
  revokeToken: 'To revoke a token of somebody',
  addToken: 'To make a token',
  resetSecondFactor: 'To take the second factor of somebody away',
  suspendAccount: 'To suspend an account',
  resumeAccount: 'To let an account send again',
  removeAccount: 'To remove an account',
  restoreAccount: 'To restore an account',
  endSession: 'To end the session of somebody',
  limitAccount: 'To change a limit',
  changeRight: 'To change a right',
  setRole: 'To change a role',
  queuedContent: 'To look into a message',
  exportTrail: 'To export events',
  eraseFromTrail: 'To erase from the trail',
  backUp: 'To copy the store',
  confirmTotp: 'To set up a second factor',
};

const words = new Map(Object.entries(proofWords));

export interface ProofAsked {
  /** Its name; nothing that is done hangs on it. */
  readonly useCase: string;
  /** Of ours: where the form goes. */
  readonly action: string;
  /** What was asked for. */
  readonly fields: Iterable<readonly [name: string, value: string]>;
  readonly formToken: string;
  /** By the second factor, if there is one; else by a link that this command makes. */
  readonly by: { readonly passkey: string | undefined } | { readonly command: string };
  /** Why the one before did not count. */
  readonly words?: string;
}

export function proofPage(asked: ProofAsked): Html {
  const { useCase, by, words: why } = asked;
  return html`<section class="gate">
    <h1>${TITLE}</h1>
    ${why === undefined ? '' : html`<p role="alert">${why}</p>`}
    <p>
      ${words.get(useCase) ?? 'For this'} a proof is wanted that it is you, not older than ten minutes.
      Nothing is done yet: with the proof it goes on as you asked.
    </p>
    ${'command' in by ? byLink(asked, by.command) : factorForm({ action: asked.action, hidden: kept(asked), code: CODE, answer: ANSWER, passkey: by.passkey })}
    <p><a href="/">Leave it as it is</a></p>
  </section>`;
}

function byLink(asked: ProofAsked, command: string): Html {
  return html`<p>There is no second factor here, so a new link is the proof. Make one on the server:</p>
    <pre><code>${command}</code></pre>
    <form class="sign-in" method="post" action="${asked.action}">
      ${kept(asked)}
      <label
        >The link that it printed<input
          name="${LINK}"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          maxlength="400"
          required
          autofocus
      /></label>
      <button class="main">Go on</button>
    </form>`;
}

const kept = ({ formToken, fields, useCase }: ProofAsked): Html =>
  html`${tokenField(formToken)}${[...fields, [FOR, useCase] as const].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )}`;
