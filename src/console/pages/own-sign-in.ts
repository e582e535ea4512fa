// Sign-in: by what the one who is signed in shows who he is. He sets up an authenticator app, makes recovery codes, and removes what he has lost, each with a code of what
// he has. A secret is shown once: on the page that answers the form.

import { html } from 'hono/html';
import type { Actor } from '../../administration/actor.ts';
import { UseCaseFailure } from '../../administration/failure.ts';
import { ProofNeeded } from '../../administration/fresh-proof.ts';
import type { SecondFactor } from '../../administration/second-factor.ts';
import type { TotpSetup } from '../../administration/second-factor-setup.ts';
import { state } from '../fate.ts';
import type { Act, Asked, CarryOut, Html, Outcome, Page } from '../page.ts';
import { qrCode } from '../qr.ts';
import { counted, moment } from '../words.ts';
import { OWN_SIGN_IN, passwordField, proof, revisionProven } from './own-forms.ts';
import { tokenField } from '../token-field.ts';
import { passkeysCard, takePasskey } from './own-passkeys.ts';

/** With the app go the passkeys and the recovery codes. */
const WHOLE = 'totp';
/** Fewer than these are told as a warning. */
const CODES_FEW = 4;

export const ownSignIn: Page = {
  path: OWN_SIGN_IN,
  title: 'Sign-in',
  async show(asked) {
    const shown = await asked.administration().mySecondFactor();
    return html`<h1>Sign-in</h1>
      ${
        shown.totp === undefined
          ? none(asked)
          : html`${present(asked, shown, shown.totp)} ${await passkeysCard(asked, shown)}`
      }`;
  },
};

/** Of who has no second factor: above `user` nobody is let in by the password alone. */
const passwordAlone = ({ role }: Actor): string =>
  role === 'user'
    ? 'The console asks for your password alone.'
    : 'Until you set one up, your password does not let you in again: only a link that is made on the server does.';

function none({ session }: Asked): Html {
  return html`<section class="card">
    <div class="head">
      <h2>Second factor</h2>
      ${state('none', 'not set up')}
    </div>
    <p>
      ${passwordAlone(session.actor)} An authenticator app on your telephone shows a new code each half
      minute; with it somebody who learns your password does not get in. Mail programs go on as before.
    </p>
    <form method="post" action="${OWN_SIGN_IN}">
      ${tokenField(session.formToken)}
      <button class="main" name="action" value="begin">Set up an authenticator app</button>
    </form>
  </section>`;
}

function present(
  { session }: Asked,
  { recoveryCodes }: SecondFactor,
  totp: { readonly since: number },
): Html {
  return html`<section class="card">
    <div class="head">
      <h2>Second factor</h2>
      ${state('good', 'set up')}
    </div>
    <dl class="facts">
      <dt>Authenticator app</dt>
      <dd>since ${moment(totp.since)}</dd>
      <dt>Recovery codes</dt>
      <dd>
        ${
          recoveryCodes < CODES_FEW
            ? state('wait', `${counted(recoveryCodes, 'code')} left: make new ones`)
            : `${counted(recoveryCodes, 'code')} left`
        }
      </dd>
    </dl>
    <form method="post" action="${OWN_SIGN_IN}" class="row">
      ${tokenField(session.formToken)} ${proof()}
      <button name="action" value="codes">Make new recovery codes</button>
      <button name="action" value="remove" class="bad">Remove the second factor</button>
    </form>
    <form method="post" action="${OWN_SIGN_IN}">
      ${tokenField(session.formToken)}
      <button class="plain" name="action" value="begin">Set up another app in its place</button>
    </form>
  </section>`;
}

/** `secret`: of the app that is being set up; `wrong`: why its code did not count. */
async function setUp(
  asked: Asked,
  { wrong, ...begun }: { readonly secret?: string; readonly wrong?: string },
): Promise<Outcome> {
  const content = await setUpForm(asked, await asked.administration().beginTotp(begun), wrong);
  return { title: 'Set up an authenticator app', content };
}

async function setUpForm(
  { session }: Asked,
  { secret, uri, takes }: TotpSetup,
  wrong: string | undefined,
): Promise<Html> {
  return html`<h1>Set up an authenticator app</h1>
    ${wrong === undefined ? '' : html`<p class="failure" role="alert">${wrong}</p>`}
    <section class="card">
      <ol class="steps">
        <li>
          In the app, add an account and point the camera here:
          ${await qrCode(uri, 'The secret below as a picture for the app')}
          <p class="soft">Or type the secret: <code class="secret">${grouped(secret)}</code></p>
        </li>
        <li>
          Type the code that the app shows now. Until then nothing changes.
          <form method="post" action="${OWN_SIGN_IN}" class="row">
            ${tokenField(session.formToken)}
            <input type="hidden" name="secret" value="${secret}" />
            <label>
              Code of the new app
              <input
                name="code"
                inputmode="numeric"
                autocomplete="one-time-code"
                maxlength="20"
                required
                autofocus
              />
            </label>
            ${takes === 'code' ? proof() : ''}
            ${takes === 'password' ? passwordField('password', 'Your password', 'current-password') : ''}
            <button class="main" name="action" value="confirm">Confirm</button>
          </form>
        </li>
      </ol>
    </section>
    <p><a href="${OWN_SIGN_IN}">Leave it as it is</a></p>`;
}

const grouped = (secret: string): string => (secret.match(/.{4}/g) ?? []).join(' ');

function recoveryCodes(codes: readonly string[], first: string): Outcome {
  return {
    title: 'Recovery codes',
    content: html`<h1>Recovery codes</h1>
      <p class="notice" role="status">${first}</p>
      <section class="card">
        <p>
          Each lets you in once in the place of a code of the app. They are shown now and never again: print
          them, or keep them where you keep passwords, and not on the telephone that has the app.
        </p>
        <pre class="codes"><code>${codes.join('\n')}</code></pre>
        <div class="row">
          <button type="button" data-print hidden>Print</button>
          <a class="button" href="${OWN_SIGN_IN}">I have kept them</a>
        </div>
      </section>`,
  };
}

const confirm: CarryOut = async (asked, form) => {
  const given = (name: string): string => form.get(name) ?? '';
  const secret = given('secret');
  const password = given('password');
  try {
    const proven = password === '' ? {} : { provenAt: await revisionProven(asked, password) };
    const { recoveryCodes: codes } = await asked
      .administration()
      .confirmTotp({ ...{ secret, code: given('code'), proof: given('proof') }, ...proven });
    const outcome =
      codes === undefined
        ? { to: OWN_SIGN_IN, notice: 'The new authenticator app counts from now on.' }
        : recoveryCodes(codes, 'The authenticator app counts from now on.');
    return { ...outcome, changedOwnSignIn: true };
  } catch (error) {
    if (!(error instanceof UseCaseFailure) || error instanceof ProofNeeded) throw error;
    if (error.kind === 'usage' || error.kind === 'trouble') throw error;
    return setUp(asked, { secret, wrong: error.message });
  }
};

const makeCodes: CarryOut = async ({ administration }, form) => {
  const made = await administration().makeRecoveryCodes({ proof: form.get('proof') ?? '' });
  return recoveryCodes(made.recoveryCodes, 'These are new. Those that you had count no more.');
};

const remove: CarryOut = async ({ administration, session }, form) => {
  const which = form.get('which') ?? WHOLE;
  await administration().removeSecondFactor({ which, proof: form.get('proof') ?? '' });
  const notice =
    which === WHOLE
      ? `The second factor is removed. ${passwordAlone(session.actor)}`
      : 'The passkey is removed.';
  return { to: OWN_SIGN_IN, notice, changedOwnSignIn: true };
};

export const changeOwnSignIn: Act = {
  path: OWN_SIGN_IN,
  actions: {
    ...{ confirm, remove, codes: makeCodes, passkey: takePasskey },
    begin: (asked) => setUp(asked, {}),
  },
};
