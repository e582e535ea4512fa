// Of an account: as whom it may send, how much, and which role it has; and the forms that change it.

import { html } from 'hono/html';
import type { Account, ShownAccount } from '../../administration/accounts.ts';
import { accountLimits } from '../../administration/account-state.ts';
import { rightText } from '../../administration/right-text.ts';
import { UNDO_MAX } from '../../policy/undo-window.ts';
import { type Role, roles, type SenderRight } from '../../record/identity.ts';
import { safe } from '../../base/safe-text.ts';
import { state } from '../fate.ts';
import type { Asked, Html } from '../page.ts';
import { counted } from '../words.ts';
import { moreOf } from './identity-credentials.ts';
import { ACCOUNT, actForm } from './identity-forms.ts';

/** More of them stand on a page of their own. */
const ROWS = 15;
const ALL = 'rights';
const ADDRESS_LENGTH_MAX = 320;

const rightWords: Readonly<Record<SenderRight['kind'], string>> = {
  address: 'own address',
  granted: 'granted',
  domain: 'whole domain',
};

export function rights(asked: Asked, { account }: ShownAccount): Html {
  const { login } = account;
  const others = account.rights.filter((right) => rightText(right) !== login);
  const rows = asked.query.get('all') === ALL ? others : others.slice(0, ROWS);
  const mayChange = asked.may('changeRight');
  return html`<section class="card">
    <h2>May send as</h2>
    <ul class="fates">
      ${account.rights.length === others.length ? '' : html`<li><span>${login}</span> <span class="soft">its login</span></li>`}
      ${rows.map((right) => {
        const text = rightText(right);
        return html`<li>
          <span>${right.kind === 'domain' ? `any address of ${right.domain}` : text}</span>
          <span class="soft">${rightWords[right.kind]}</span>
          ${
            mayChange
              ? actForm(
                  asked,
                  { login, action: 'removeRight', right: text },
                  html`<button class="plain" aria-label="Take ${text} away">Take away</button>`,
                )
              : ''
          }
        </li>`;
      })}
      ${account.rights.length === 0 ? html`<li class="soft">Nobody: it has no address.</li>` : ''}
    </ul>
    ${moreOf(login, ALL, others.length, rows.length)}
    ${
      mayChange && account.state !== 'removed'
        ? actForm(
            asked,
            { login, action: 'addRight' },
            html`<label>
                Address, or @DOMAIN for all of a domain
                <input name="right" maxlength="320" autocomplete="off" spellcheck="false" required />
              </label>
              <button>Let it send as this</button>`,
          )
        : ''
    }
  </section>`;
}

export const limitWords: Readonly<Record<(typeof accountLimits)[number], string>> = {
  messagesPerHour: 'Messages',
  recipientsPerHour: 'Recipients',
  nullSenderPerHour: 'Messages with the null sender',
};

export function limitForm(asked: Asked, { login, state: isNow }: Account): Html | '' {
  if (!asked.may('limitAccount') || isNow === 'removed') return '';
  return actForm(
    asked,
    { login, action: 'limit' },
    html`<label>
        Limit of an hour
        <select name="name">
          ${accountLimits.map((name) => html`<option value="${name}">${limitWords[name]}</option>`)}
        </select>
      </label>
      <label>
        Number, none, or default
        <input name="value" maxlength="9" pattern="[0-9]+|none|default" autocomplete="off" required />
      </label>
      <button>Set</button>`,
  );
}

export function undoWindowForm(
  asked: Asked,
  { login, state: isNow, mailbox, undoSeconds = 0 }: Account,
): Html | '' {
  if (!asked.may('setUndoWindow') || isNow === 'removed' || !mailbox) return '';
  return actForm(
    asked,
    { login, action: 'undoWindow' },
    html`<label>
        Undo window, seconds
        <input type="number" name="seconds" min="0" max="${UNDO_MAX}" value="${undoSeconds}" required />
      </label>
      <button>Set</button>`,
  );
}

/** May it send as this address, and which rule says so? */
export async function mayItSend(asked: Asked, { login }: Account): Promise<Html> {
  const from = (asked.query.get('as') ?? '').trim().slice(0, ADDRESS_LENGTH_MAX);
  const steps =
    from === '' ? [] : (await asked.administration().explainSending({ login, from, to: [] })).steps;
  return html`<section class="card">
    <h2>May it send as …?</h2>
    <form method="get" action="${ACCOUNT}" class="row">
      <input type="hidden" name="login" value="${login}" />
      <label
        >Address<input
          name="as"
          value="${from}"
          maxlength="${ADDRESS_LENGTH_MAX}"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          required
      /></label>
      <button>Ask</button>
    </form>
    ${
      steps.length === 0
        ? ''
        : html`<ul class="fates">
            ${steps.map(
              ({ question, verdict, rule, because }) =>
                html`<li>
                  ${verdict.type === 'accepted' ? state('good', 'may') : state('fail', 'may not')}
                  <span>${safe(question)}</span>
                  <span class="soft">${safe(because)} (rule: ${safe(rule)})</span>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}

/** Its role, and the end of it. */
export function roleAndEnd(asked: Asked, account: Account): Html | '' {
  const { login, state: isNow } = account;
  const forms = [
    isNow !== 'removed' && asked.may('setRole') ? roleForm(asked, account) : '',
    isNow !== 'removed' && asked.may('removeAccount')
      ? actForm(asked, { login, action: 'remove' }, html`<button class="bad">Remove the account …</button>`)
      : '',
    isNow === 'removed' && asked.may('restoreAccount')
      ? actForm(
          asked,
          { login, action: 'restore' },
          html`<button class="main">Restore the account …</button>`,
        )
      : '',
  ].filter((form) => form !== '');
  if (forms.length === 0) return '';
  return html`<section class="card">
    <h2>Role and end</h2>
    ${forms}
  </section>`;
}

function roleForm(asked: Asked, { login, role: now = 'user', adminOf = [] }: Account): Html {
  return actForm(
    asked,
    { login, action: 'role' },
    html`<label>
        Role
        <select name="role">
          ${roles.map(
            (role: Role) =>
              html`<option value="${role}" ${role === now ? html`selected` : ''}>${role}</option>`,
          )}
        </select>
      </label>
      <label>
        Domains, of a domain admin
        <input
          name="domains"
          maxlength="2000"
          value="${adminOf.join(', ')}"
          autocomplete="off"
          spellcheck="false"
        />
      </label>
      <button>Change …</button>`,
  );
}

export function roleText({ role = 'user', adminOf = [] }: Account): string {
  return adminOf.length === 0
    ? role
    : `${role} of ${adminOf.slice(0, 5).join(', ')}${adminOf.length > 5 ? ` and ${counted(adminOf.length - 5, 'more', 'more')}` : ''}`;
}
