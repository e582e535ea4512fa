// A new account: its login, its name, whether it has a mailbox; it gets an app password, shown once.

import { html } from 'hono/html';
import { DISPLAY_NAME_MAX } from '../../identity/identity-changes.ts';
import type { Act, Asked, Page } from '../page.ts';
import { shownOnce } from './identity-forms.ts';
import { tokenField } from '../token-field.ts';

const PATH = '/identity/new';
const LOGIN_LENGTH_MAX = 320;

export const newIdentity: Page = {
  path: PATH,
  title: 'New account',
  needs: ['addAccount'],
  show: (asked) =>
    html`<h1>New account</h1>
      <form method="post" action="${PATH}" class="card">
        ${tokenField(asked.session.formToken)}
        <div class="row">
          <label class="wide"
            >Login: an address of ${domainsOf(asked).slice(0, 3).join(', ') || 'a domain of ours'}<input
              name="login"
              maxlength="${LOGIN_LENGTH_MAX}"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              required
          /></label>
          <label class="wide"
            >Name for people, if any<input name="name" maxlength="${DISPLAY_NAME_MAX}" autocomplete="off"
          /></label>
          <label>
            Mailbox
            <select name="mailbox">
              <option value="yes">yes: mail to it is accepted</option>
              <option value="no">none: a service that only sends</option>
            </select>
          </label>
          <button class="main">Make it</button>
        </div>
        <p class="soft small">
          It may send at once, as its login alone. Its first app password is shown on the next page.
        </p>
      </form>`,
};

/** Of a domain admin his own: which others there are is not for him. */
function domainsOf({ session: { actor }, config }: Asked): readonly string[] {
  return actor.role === 'domainAdmin' ? (actor.domains ?? []) : config().domains;
}

export const addIdentity: Act = {
  path: PATH,
  async carryOut({ administration }, form) {
    const name = (form.get('name') ?? '').trim();
    const { login, appPassword = '' } = await administration().addAccount({
      ...{ login: (form.get('login') ?? '').trim(), mailbox: form.get('mailbox') !== 'no' },
      ...{ allowReserved: false, ...(name === '' ? {} : { displayName: name }) },
    });
    return shownOnce(
      login,
      'The account is made',
      `${login} may send, and its mail program logs in with this app password. The console takes a password, which is set on the page of the account.`,
      appPassword,
    );
  },
};
