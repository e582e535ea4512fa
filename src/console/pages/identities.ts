// The list of accounts: all, or those that words name: the begin of a login, a domain, an address; a page at a time.

import { html } from 'hono/html';
import type { Account, AccountPart } from '../../administration/accounts.ts';
import { safe } from '../../base/safe-text.ts';
import { canonicalAddress } from '../../policy/address.ts';
import type { IdentityState } from '../../record/identity.ts';
import { state } from '../fate.ts';
import type { Asked, Html } from '../page.ts';
import { tableHead } from '../table-head.ts';
import { counted, moment, pageOf } from '../words.ts';

const ROWS = 50;
const WORDS_LENGTH_MAX = 320;

export const identityStates: Readonly<Record<IdentityState, Html>> = {
  active: state('good', 'may send'),
  suspended: state('hold', 'suspended'),
  removed: state('fail', 'removed'),
};

/** The login, if the words name one account; else the list of those that match. */
export async function accountsNamed(
  asked: Asked,
): Promise<{ readonly login: string } | { readonly list: Html }> {
  const words = wordsOf(asked.query);
  const part = partOf(asked, words);
  const after = asked.query.get('after') ?? '';
  const administration = asked.administration();
  const page = { max: ROWS, ...(after === '' ? {} : { after }) };
  const found = await administration.pageAccounts({ part, ...page });
  const [first] = found.accounts;
  if (part.address !== undefined && first === undefined) {
    // What looks like an address may be the beginning of one.
    const alike = await administration.pageAccounts({ part: { prefix: words }, ...page });
    return { list: listed(asked, words, alike) };
  }
  if (first !== undefined && first.login === canonicalAddress(part.address ?? ''))
    return { login: first.login };
  return { list: listed(asked, words, found) };
}

export function wordsOf(query: URLSearchParams): string {
  return (query.get('q') ?? '').trim().slice(0, WORDS_LENGTH_MAX);
}

function partOf({ query, config }: Asked, words: string): AccountPart {
  if (canonicalAddress(words) !== undefined) return { address: words };
  const wanted = stateOf(query);
  const ofState = wanted === undefined ? {} : { state: wanted };
  const domain = words.startsWith('@') ? words.slice(1) : words;
  if (config().domains.includes(domain.toLowerCase())) return { ...ofState, domain };
  return words === '' ? ofState : { ...ofState, prefix: words };
}

function stateOf(query: URLSearchParams): IdentityState | undefined {
  const given = query.get('state');
  return (Object.keys(identityStates) as IdentityState[]).find((known) => known === given);
}

/** `words`: what is asked for now. */
export function searchBox(words: string, { query }: Pick<Asked, 'query'>): Html {
  const wanted = stateOf(query);
  return html`<form class="card" method="get" action="/identity" role="search">
    <div class="row">
      <label class="wide">
        Login, its beginning, a domain or an address
        <input
          type="search"
          name="q"
          value="${words}"
          maxlength="${WORDS_LENGTH_MAX}"
          placeholder="alice@example.org"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
        />
      </label>
      <label>
        State
        <select name="state">
          ${[
            ['', 'any'],
            ['active', 'may send'],
            ['suspended', 'suspended'],
            ['removed', 'removed'],
          ].map(
            ([value, text]) =>
              html`<option value="${value}" ${wanted === value ? html`selected` : ''}>${text}</option>`,
          )}
        </select>
      </label>
      <button class="main">Show</button>
    </div>
  </form>`;
}

function listed(
  { query, may }: Asked,
  words: string,
  { accounts, next }: { readonly accounts: readonly Account[]; readonly next?: string },
): Html {
  if (accounts.length === 0) return none(words, query, may('addAccount'));
  return html`<section class="card">
    <div class="head">
      <h2>${words === '' && stateOf(query) === undefined ? 'Accounts' : 'Accounts that match'}</h2>
      ${may('addAccount') ? html`<a class="button" href="/identity/new">New account</a>` : ''}
    </div>
    <table class="rows">
      ${tableHead('Login', 'State', 'Role', 'Has', 'Made')}
      <tbody>
        ${accounts.map(row)}
      </tbody>
    </table>
    ${
      next === undefined
        ? ''
        : html`<p>
            <a class="button" href="${pageOf('/identity', { ...namedIn(query), after: next })}">More</a>
          </p>`
    }
  </section>`;
}

const namedIn = (query: URLSearchParams): Readonly<Record<string, string>> => ({
  q: wordsOf(query),
  state: stateOf(query) ?? '',
});

function none(words: string, query: URLSearchParams, mayAdd: boolean): Html {
  const isAll = words === '' && stateOf(query) === undefined;
  return html`<section class="card">
    <h2>${isAll ? 'There are no accounts yet' : 'No account matches'}</h2>
    <p class="soft">
      ${
        isAll
          ? html`<code>postern account add alice@example.org</code> makes the first one.`
          : 'Its login begins otherwise, it is in another state, or it was removed longer ago than the trail is kept.'
      }
    </p>
    ${mayAdd ? html`<p><a class="button" href="/identity/new">New account</a></p>` : ''}
  </section>`;
}

function row(account: Account): Html {
  const { login, displayName, role = 'user', rights, credentials, createdAt } = account;
  return html`<tr>
    <td data-name="Login">
      <span
        ><a href="${pageOf('/identity', { login })}">${login}</a>${
          displayName === undefined ? '' : html`<br /><span class="soft">${safe(displayName)}</span>`
        }</span
      >
    </td>
    <td data-name="State">${identityStates[account.state]}</td>
    <td data-name="Role"><span>${role}</span></td>
    <td data-name="Has">
      <span
        >${counted(credentials.filter(({ disabled }) => disabled === undefined).length, 'credential')},
        ${counted(rights.length, 'right')}</span
      >
    </td>
    <td data-name="Made"><span>${moment(createdAt)}</span></td>
  </tr>`;
}
