// One domain: its records as they should be beside those that the DNS has, the keys that sign, how a key is changed, sheets for its people.

import { html } from 'hono/html';
import type { ShownDomain, ShownRecord, SigningKey } from '../../administration/domains.ts';
import { safe } from '../../base/safe-text.ts';
import type { RecordVerdict } from '../../onboarding/dns-check.ts';
import { state } from '../fate.ts';
import type { Asked, Html, Page } from '../page.ts';
import { tableHead } from '../table-head.ts';
import { ago } from '../words.ts';
import { rotation } from '../key-rotation.ts';
import { tokenField } from '../token-field.ts';

export const domain: Page = {
  path: '/domains/domain',
  title: 'Domain',
  needs: ['showDomain'],
  async show(asked) {
    const name = asked.query.get('name') ?? '';
    const shown = await asked.administration().showDomain({ domain: name });
    return html`<h1>${shown.domain}</h1>
      <p><a href="/domains">All domains</a></p>
      ${records(asked, shown)}
      <div class="pair">${keys(shown)} ${sheet(asked)}</div>
      ${rotation(asked, shown)}`;
  },
};

function records(asked: Asked, { domain: name, checkedAt, records: all, warnings }: ShownDomain): Html {
  const bad = all.filter(
    ({ isNeeded, verdict }) => isNeeded && (verdict === 'missing' || verdict === 'different'),
  ).length;
  const unknown = all.filter(({ verdict }) => verdict === 'unknown').length;
  return html`<section class="card">
    <div class="head">
      <h2>Records in the DNS</h2>
      ${
        checkedAt === undefined
          ? state('none', 'not asked since the start')
          : bad > 0
            ? state('fail', `${bad} missing or different`)
            : unknown > 0
              ? state('wait', `${unknown} not known`)
              : state('good', 'as it should be')
      }
    </div>
    <form method="post" action="/domains/check" class="row">
      ${tokenField(asked.session.formToken)}
      <input type="hidden" name="domain" value="${name}" />
      <button class="main">Ask the DNS${checkedAt === undefined ? '' : ' again'}</button>
      ${checkedAt === undefined ? '' : html`<span class="soft">Asked ${ago(checkedAt, asked.now)} ago.</span>`}
    </form>
    <table class="rows">
      ${tableHead('Record', 'State', 'As it should be', 'As it is')}
      <tbody>
        ${all.map(row)}
      </tbody>
    </table>
    ${warnings.map((one) => html`<p class="soft">${safe(one)}</p>`)}
    <details id="zone">
      <summary>As lines of a zone file</summary>
      <pre><code>${all.map(({ zoneLine }) => zoneLine).join('\n')}</code></pre>
    </details>
  </section>`;
}

const verdicts: Readonly<Record<RecordVerdict, Html>> = {
  right: state('good', 'right'),
  missing: state('fail', 'missing'),
  different: state('fail', 'different'),
  unknown: state('wait', 'not known'),
};
const optional: Readonly<Partial<Record<RecordVerdict, Html>>> = {
  missing: state('none', 'missing, not needed'),
  different: state('wait', 'different, not needed'),
};

function row({ name, type, wanted, isNeeded, consequence, verdict, found = [], because }: ShownRecord): Html {
  const isRight = verdict === 'right' || verdict === undefined;
  return html`<tr>
    <td data-name="Record"><span class="id wrap">${name}</span> ${type}</td>
    <td data-name="State">
      <span
        >${verdict === undefined ? html`<span class="soft">not asked</span>` : ((isNeeded ? undefined : optional[verdict]) ?? verdicts[verdict])}${because === undefined ? '' : html` ${safe(because)}`}${isRight ? '' : html` <span class="soft">${consequence}</span>`}</span
      >
    </td>
    <td data-name="As it should be">
      <span>${wanted === '' ? html`<span class="soft">the addresses of this server</span>` : wanted}</span>
    </td>
    <td data-name="As it is"><span>${found.map((text) => html`${safe(text)}<br />`)}</span></td>
  </tr>`;
}

function keys({ keys: all, keysBecause }: ShownDomain): Html {
  return html`<section class="card">
    <h2>Keys that sign</h2>
    ${keysBecause === undefined ? '' : html`<p role="alert">They can't be read: ${safe(keysBecause)}</p>`}
    ${
      all.length === 0 && keysBecause === undefined
        ? html`<p class="empty">None: mail of this domain leaves without a DKIM signature.</p>`
        : html`<ul class="fates">
            ${all.map(key)}
          </ul>`
    }
  </section>`;
}

function key({ selector, type, name, verdict }: SigningKey): Html {
  return html`<li>
    <span><b>${selector}</b>, ${type}</span>
    ${verdict === undefined ? state('none', 'not asked') : verdict === 'right' ? state('good', 'published') : verdicts[verdict]}
    <span class="id wrap">${name}</span>
  </li>`;
}

function sheet({ may, session }: Asked): Html {
  if (!may('accountSheet')) return html``;
  return html`<section class="card">
    <h2>Sheet for a person</h2>
    <p>What somebody enters in a mail program, on one page to hand out. No password stands in it.</p>
    <form method="post" action="/domains/sheet" class="row">
      ${tokenField(session.formToken)}
      <label class="wide"
        >Login<input name="login" maxlength="320" required autocomplete="off" spellcheck="false" /></label
      ><button>Save the sheet</button>
    </form>
  </section>`;
}
