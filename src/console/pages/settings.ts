// Settings: the configuration in force, each key with its value, where that is from, and what it means. Read only: it is changed in its file.

import { html } from 'hono/html';
import type { ShownSetting, ShownSettings } from '../../administration/settings.ts';
import { safe } from '../../base/safe-text.ts';
import { state } from '../fate.ts';
import type { Html, Page } from '../page.ts';
import { tableHead } from '../table-head.ts';
import { counted } from '../words.ts';

const WORD_LENGTH_MAX = 100;
/** What is more is found by a word. */
const ROWS_MAX = 400;

export const settings: Page = {
  path: '/settings',
  title: 'Settings',
  inMenu: true,
  needs: ['showSettings'],
  async show({ query, administration }) {
    const word = (query.get('word') ?? '').trim().slice(0, WORD_LENGTH_MAX);
    const shown = await administration().showSettings({ word });
    const groups = Map.groupBy(shown.settings.slice(0, ROWS_MAX), ({ key }) => key.split(/[.[]/, 1)[0] ?? '');
    return html`<h1>Settings</h1>
      ${warnings(shown)} ${box(word, shown)}
      ${[...groups].map(([name, keys]) => group(name, keys, shown, word !== ''))}
      ${
        shown.settings.length > ROWS_MAX
          ? html`<p class="soft">
              ${counted(shown.settings.length - ROWS_MAX, 'more key')} not shown: look for a word.
            </p>`
          : ''
      }`;
  },
};

function warnings({ warnings: all }: ShownSettings): Html {
  if (all.length === 0) return html``;
  return html`<section class="card">
    <h2>To be looked at</h2>
    <ul class="plain">
      ${all.map((one) => html`<li>${prose(safe(one))}</li>`)}
    </ul>
  </section>`;
}

function box(word: string, { file, settings: found, of }: ShownSettings): Html {
  return html`<form class="card" method="get" action="/settings" role="search">
    <div class="row">
      <label class="wide"
        >A word in the key, the value or the meaning<input
          type="search"
          name="word"
          value="${word}"
          maxlength="${WORD_LENGTH_MAX}"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
      /></label>
      <button class="main">Look for it</button>
    </div>
    <p class="soft small">
      ${word === '' ? counted(of, 'key') : `${counted(found.length, 'key')} of ${of}`}, written in
      <code>${safe(file)}</code>. Change it there, then <code>postern check</code> and
      <code>postern reload</code>. Passwords are not shown.
    </p>
  </form>`;
}

function group(name: string, keys: readonly ShownSetting[], shown: ShownSettings, isFound: boolean): Html {
  const written = keys.filter(({ line }) => line !== undefined).length;
  const needsRestart = keys.every((key) => key.needsRestart);
  return html`<details class="card" id="settings-${name}" ${isFound ? html`open` : ''}>
    <summary>
      <code>${name}</code>
      <span class="soft"
        >${written === 0 ? 'all by default' : `${written} of ${keys.length} written`}${needsRestart ? ', a restart takes changes' : ''}</span
      >
    </summary>
    <table class="rows">
      ${tableHead('Key', 'Value', 'From', 'Meaning')}
      <tbody>
        ${keys.map((key) => row(key, shown.file))}
      </tbody>
    </table>
  </details>`;
}

function row(
  { key, value, line, fallback, type, description, waits, needsRestart }: ShownSetting,
  file: string,
): Html {
  const name = file.split('/').at(-1) ?? file;
  const usual = fallback === undefined || fallback === value ? '' : html`; by default ${safe(fallback)}`;
  return html`<tr>
    <td data-name="Key"><code>${safe(key)}</code></td>
    <td data-name="Value">
      <span>${value === undefined ? html`<span class="soft">none</span>` : html`<b>${safe(value)}</b>`}</span>
    </td>
    <td data-name="From">
      <span
        >${line === undefined ? 'default' : html`${safe(name)}:${line}`}${waits ? html` ${state('wait', 'changed: needs a restart')}` : ''}</span
      >
    </td>
    <td data-name="Meaning">
      <span
        >${prose(description)}
        <span class="soft">${prose(type)}${usual}${needsRestart ? '; read at the start' : ''}</span></span
      >
    </td>
  </tr>`;
}

/** What stands between backticks is code. */
function prose(text: string): readonly Html[] {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}
