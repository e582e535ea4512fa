// How the DKIM key of a domain is changed, step by step: what is done by hand on the server and in the DNS, and what the console can look after.

import { html } from 'hono/html';
import type { SelectorLook, ShownDomain } from '../administration/domains.ts';
import { safe } from '../base/safe-text.ts';
import { state } from './fate.ts';
import type { Asked, Html } from './page.ts';
import { tokenField } from './token-field.ts';

/** `look`: what a look at one selector came to. */
export function rotation(asked: Asked, { domain, keys }: ShownDomain, look?: SelectorLook): Html {
  const old = keys[0]?.selector;
  const next = look !== undefined && !look.signs ? look.selector : freeSelector(asked.now, keys);
  const isDouble = keys.length > 1;
  return html`<section class="card" id="rotation">
    <h2>${old === undefined ? 'Begin to sign' : 'Change the key'}, step by step</h2>
    <p>
      ${
        isDouble
          ? `${keys.length} keys sign now. If a change is under way, go on with step 4.`
          : 'At each step mail is signed as before, or better. Keys are made on the server, and never come here.'
      }
    </p>
    <ol class="steps">
      <li>
        <b>Make a key.</b> On the server, as root; it prints the record. Nothing is signed with it yet.
        <pre><code>postern dkim --domain ${domain} --selector ${next}</code></pre>
      </li>
      <li>
        <b>Publish its record</b> in the DNS of ${domain}, as
        <span class="id wrap">${next}._domainkey.${domain}</span>, and wait until it can be seen: servers that
        asked before may remember for as long as the zone says. ${selectorForm(asked, domain, next)}
        ${look === undefined ? '' : outcome(look)}
      </li>
      <li>
        <b>Let it sign.</b> Add the line that the command printed to <code>dkim:</code> in the configuration,
        and
        <pre><code>postern check &amp;&amp; postern reload</code></pre>
        ${old === undefined ? 'From then on mail is signed.' : 'From then on mail has two signatures.'}
      </li>
      ${
        old === undefined
          ? ''
          : html`<li><b>Let the old key rest.</b> ${resting(old, keys)} Then check and reload.</li>
              <li>
                <b>Take its record out of the DNS</b> a week later, when what it signed has arrived
                everywhere. Then remove its file.
              </li>`
      }
    </ol>
  </section>`;
}

/** Of several keys the configuration does not tell which came last: its lines stand in any order. */
function resting(only: string, keys: ShownDomain['keys']): Html {
  if (keys.length === 1)
    return html`Once both sign, take <code>${only}</code>, the key of today, out of <code>dkim:</code>.`;
  const names = keys.map(({ selector }, at) => html`${at === 0 ? '' : ', '}<code>${selector}</code>`);
  return html`Of the keys that sign (${names}) take the one that signed before this change out of
    <code>dkim:</code>, and leave the one that you made in step 1. Its file is the newest.`;
}

/** `s202612`, or another that no key of the domain has. */
function freeSelector(now: number, keys: ShownDomain['keys']): string {
  const month = `s${new Date(now).toISOString().slice(0, 7).replace('-', '')}`;
  const taken = new Set(keys.map(({ selector }) => selector));
  return (
    [month, ...['b', 'c', 'd', 'e'].map((letter) => `${month}${letter}`)].find((one) => !taken.has(one)) ??
    month
  );
}

function selectorForm({ session }: Asked, domain: string, selector: string): Html {
  return html`<form method="post" action="/domains/selector" class="row">
    ${tokenField(session.formToken)}
    <input type="hidden" name="domain" value="${domain}" />
    <label
      >Selector<input
        name="selector"
        value="${selector}"
        maxlength="63"
        required
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
    /></label>
    <label class="wide"
      >The record that was printed, if it is to be compared<input
        name="record"
        maxlength="2000"
        autocomplete="off"
        spellcheck="false"
    /></label>
    <button>Look in the DNS</button>
  </form>`;
}

function outcome(look: SelectorLook): Html {
  const { selector, name, signs, found } = look;
  return html`<div class="notice" role="status">
    <p><b>${selector}</b>: ${wordOf(look)} ${signs ? 'It signs now.' : 'It does not sign now.'}</p>
    <p class="id wrap">${name}</p>
    ${found.map((text) => html`<p class="id wrap">${safe(text)}</p>`)}
  </div>`;
}

function wordOf({ found, isWanted, because }: SelectorLook): Html {
  if (because !== undefined) return html`${state('wait', 'not known')} ${safe(because)}.`;
  if (found.length === 0) return html`${state('none', 'nothing is published')}`;
  if (isWanted === undefined) return html`${state('good', 'published')}`;
  return isWanted
    ? state('good', 'published, as it was printed')
    : state('fail', 'published, but another record');
}
