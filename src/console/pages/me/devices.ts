// My devices: the passwords of devices and programs, made, shown once, revoked; and the way to stop the account when somebody else has it.

import { html } from 'hono/html';
import type { MyAccount, MyDevice } from '../../../administration/my-account.ts';
import type { AddedAppPassword } from '../../../administration/credentials.ts';
import type { MySettings } from '../../../administration/my-settings.ts';
import { UseCaseFailure } from '../../../administration/failure.ts';
import { safe } from '../../../base/safe-text.ts';
import { state } from '../../fate.ts';
import type { Act, Asked, Html, Outcome, Page } from '../../page.ts';
import { tableHead, unseen } from '../../table-head.ts';
import { LAST_USE, moment } from '../../words.ts';
import { sheetCard } from './setup.ts';
import { passwordCard, sessionsCard } from './sign-ins.ts';
import { tokenField } from '../../token-field.ts';

const PATH = '/me/devices';
export const STOP = '/me/stop';
const LABEL_LENGTH_MAX = 100;
const DAY_MS = 86_400_000;
/** What a form offers, by days; none: no end. */
const lifetimes: readonly (readonly [days: string, words: string])[] = [
  ['', 'no end'],
  ['7', 'a week'],
  ['90', '90 days'],
  ['365', 'a year'],
];

export const myDevices: Page = {
  path: PATH,
  title: 'My devices',
  inMenu: true,
  ofOneself: true,
  needs: ['myAccount'],
  async show(asked) {
    const as = asked.administration();
    const [account, { sessions }] = await Promise.all([as.myAccount(), as.mySessions()]);
    return html`<h1>My devices</h1>
      ${devicesOf(asked, account)} ${newDevice(asked)} ${sessionsCard(asked, sessions)}
      <div class="pair">${passwordCard(asked, account)} ${stop()}</div>`;
  },
};

function devicesOf(asked: Asked, { devices }: MyAccount): Html {
  return html`<section class="card">
    <h2>App passwords and tokens</h2>
    ${
      devices.length === 0
        ? html`<p class="empty">None yet.</p>`
        : html`<table class="rows">
              ${tableHead('For', 'State', 'Last used', unseen('Revoke'))}
              <tbody>
                ${devices.map((device) => row(asked, device))}
              </tbody>
            </table>
            <p class="soft small">${LAST_USE}</p>`
    }
  </section>`;
}

function row(asked: Asked, device: MyDevice): Html {
  const { id, kind, label, createdAt, lastUse, revoked } = device;
  return html`<tr>
    <td data-name="For">
      <span
        >${safe(label)}${kind === 'token' ? html` <span class="soft">token of the API</span>` : ''}<br /><span
          class="soft small"
          ><span class="id">${id}</span>, made ${moment(createdAt)}</span
        ></span
      >
    </td>
    <td data-name="State"><span>${stateOf(device, asked.now)}</span></td>
    <td data-name="Last used">
      <span
        >${lastUse === undefined ? 'not lately' : html`${moment(lastUse.at)} from ${lastUse.address}`}</span
      >
    </td>
    <td data-name="">
      ${
        revoked !== undefined
          ? html`<span></span>`
          : html`<form method="post" action="${PATH}">
              ${tokenField(asked.session.formToken)}<input type="hidden" name="credential" value="${id}" />
              <button class="bad" name="action" value="revoke">
                Revoke<span class="hidden"> ${safe(label)}</span>
              </button>
            </form>`
      }
    </td>
  </tr>`;
}

function stateOf({ revoked, expiresAt }: MyDevice, now: number): Html {
  if (revoked !== undefined) return html`${state('fail', 'revoked')} ${moment(revoked.at)} by ${revoked.by}`;
  if (expiresAt === undefined) return state('good', 'counts');
  return expiresAt <= now
    ? html`${state('fail', 'over')} since ${moment(expiresAt)}`
    : html`${state('good', 'counts')} until ${moment(expiresAt)}`;
}

function newDevice(asked: Asked): Html {
  return html`<section class="card">
    <h2>A new app password</h2>
    <form method="post" action="${PATH}" class="row">
      ${tokenField(asked.session.formToken)}
      <label class="wide">
        For which device or program
        <input
          name="label"
          required
          maxlength="${LABEL_LENGTH_MAX}"
          placeholder="my phone"
          autocomplete="off"
        />
      </label>
      <label>
        It counts for
        <select name="days">
          ${lifetimes.map(([days, words]) => html`<option value="${days}">${words}</option>`)}
        </select>
      </label>
      <button class="main" name="action" value="add">Make it</button>
    </form>
  </section>`;
}

function stop(): Html {
  return html`<section class="card">
    <h2>This wasn't me</h2>
    <p>
      Does something here, or in your mail, come from somebody else? Revoke the device above. If you don't
      know which one it is, stop your account.
    </p>
    <p><a class="button" href="${STOP}">Stop my account …</a></p>
  </section>`;
}

export const changeMyDevices: Act = { path: PATH, actions: { add, revoke } };

async function add(asked: Asked, form: URLSearchParams): Promise<Outcome> {
  const days = form.get('days') ?? '';
  if (!lifetimes.some(([known]) => known === days))
    throw new UseCaseFailure('choose how long it counts', 'usage');
  const as = asked.administration();
  const settings = await as.mySettings();
  const made = await as.addMyAppPassword({
    label: form.get('label') ?? '',
    ...(days === '' ? {} : { lifetimeMs: Number(days) * DAY_MS }),
  });
  return { title: 'My devices', content: shownOnce(made, settings) };
}

function shownOnce({ label, appPassword, expiresAt }: AddedAppPassword, { sheet }: MySettings): Html {
  return html`<h1>The app password for ${safe(label)}</h1>
    <section class="card">
      <p class="state wait wrap">It is shown this once: enter it in the device now.</p>
      <pre class="codes" tabindex="0"><code>${appPassword}</code></pre>
      <p class="soft small">
        ${expiresAt === undefined ? 'It has no end.' : html`It counts until ${moment(expiresAt)}.`} Lost it?
        Revoke it and make another.
      </p>
      <p class="row">
        <a class="button" href="/me/setup">How to enter it in your program</a>
        <a class="button" href="${PATH}">Done</a>
      </p>
    </section>
    ${sheetCard(sheet)}`;
}

async function revoke({ administration }: Asked, form: URLSearchParams): Promise<Outcome> {
  const { label } = await administration().revokeMine({ credential: form.get('credential') ?? '' });
  return { to: PATH, notice: `${label} is revoked: it gets in no more, and its open sessions are cut.` };
}
