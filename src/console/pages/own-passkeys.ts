// The passkeys of the one who is signed in: a card of the page Sign-in. The browser makes one by the script; without it, or at an address that is no name, there is none.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../administration/failure.ts';
import type { SecondFactor } from '../../administration/second-factor.ts';
import type { Asked, CarryOut, Html } from '../page.ts';
import { CHALLENGE_MS } from '../passkeys.ts';
import { moment } from '../words.ts';
import { safe } from '../../base/safe-text.ts';
import { OWN_SIGN_IN, proof } from './own-forms.ts';
import { tokenField } from '../token-field.ts';

const LABEL_LENGTH_MAX = 100;

export async function passkeysCard(asked: Asked, { passkeys }: SecondFactor): Promise<Html> {
  return html`<section class="card">
    <h2>Passkeys</h2>
    <p>
      A passkey of this telephone or computer, or a security key, stands in for the code of the app when you
      sign in. It works at this address alone, so that a copy of this page gets nothing from it.
    </p>
    ${passkeys.length === 0 ? html`<p class="empty">None yet.</p>` : list(asked, passkeys)}
    ${await addForm(asked)}
  </section>`;
}

function list({ session }: Asked, passkeys: SecondFactor['passkeys']): Html {
  return html`<form method="post" action="${OWN_SIGN_IN}" class="stack">
    ${tokenField(session.formToken)} <input type="hidden" name="action" value="remove" /> ${proof()}
    <ul class="fates">
      ${passkeys.map(
        ({ id, label, since }) =>
          html`<li>
            <span>${safe(label)}</span> <span class="soft">since ${moment(since)}</span>
            <button class="plain" name="which" value="${id}">Remove ${safe(label)}</button>
          </li>`,
      )}
    </ul>
  </form>`;
}

async function addForm(asked: Asked): Promise<Html> {
  const { passkeys, session } = asked;
  if (passkeys === undefined)
    return html`<p class="soft">
      This console has no name with TLS that a passkey could be bound to: <code>console.origin</code> in the
      configuration gives it one.
    </p>`;
  const challenge = passkeys.ask(session.name, session.actor.identityId ?? session.name);
  const options = await asked.administration().beginPasskey({ challenge, timeoutMs: CHALLENGE_MS });
  return html`<form
      method="post"
      action="${OWN_SIGN_IN}"
      class="row"
      data-passkey="${JSON.stringify(options)}"
      hidden
    >
      ${tokenField(session.formToken)} <input type="hidden" name="action" value="passkey" />
      <input type="hidden" name="answer" />
      <label>
        What keeps it
        <input name="label" maxlength="${LABEL_LENGTH_MAX}" placeholder="my telephone" required />
      </label>
      ${proof()}
      <button class="main">Add a passkey</button>
      <p role="alert"></p>
    </form>
    <p class="soft small">Adding one takes the script of this page, and a browser that knows passkeys.</p>`;
}

export const takePasskey: CarryOut = async (asked, form) => {
  const challenge = asked.passkeys?.take(asked.session.name);
  if (challenge === undefined)
    throw new UseCaseFailure(
      'no passkey was asked for, or it took longer than five minutes: load the page again',
      'usage',
    );
  const given = (name: string): string => form.get(name) ?? '';
  const { label } = await asked.administration().addPasskey({
    ...{ label: given('label').trim(), answer: given('answer') },
    ...{ challenge, proof: given('proof') },
  });
  const notice = `The passkey ${safe(label)} counts from now on.`;
  return { to: OWN_SIGN_IN, notice, changedOwnSignIn: true };
};
