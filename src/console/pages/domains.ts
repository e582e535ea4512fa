// Domains: each of ours, what signs its mail, and what the DNS said of it when it was asked last.

import { html } from 'hono/html';
import type { ListedDomain } from '../../administration/domains.ts';
import { state } from '../fate.ts';
import type { Html, Page } from '../page.ts';
import { tableHead } from '../table-head.ts';
import { ago, counted, pageOf } from '../words.ts';

const ROWS = 100;

export const domains: Page = {
  path: '/domains',
  title: 'Domains',
  inMenu: true,
  needs: ['listDomains'],
  async show({ query, administration, now }) {
    const after = query.get('after');
    const { domains: all, next } = await administration().listDomains({
      max: ROWS,
      ...(after === null ? {} : { after }),
    });
    return html`<h1>Domains</h1>
      <section class="card">
        ${
          all.length === 0
            ? html`<p class="empty">No more domains.</p>`
            : html`<table class="rows">
                ${tableHead('Domain', 'Signed with', 'In the DNS', 'Asked')}
                <tbody>
                  ${all.map((one) => row(one, now))}
                </tbody>
              </table>`
        }
      </section>
      ${next === undefined ? '' : html`<p><a class="button" href="${pageOf('/domains', { after: next })}">More domains</a></p>`}`;
  },
};

function row({ domain, selectors, checkedAt, verdicts = {}, bad = 0 }: ListedDomain, now: number): Html {
  return html`<tr>
    <td data-name="Domain"><a href="${pageOf('/domains/domain', { name: domain })}">${domain}</a></td>
    <td data-name="Signed with">
      <span>${selectors.length === 0 ? state('wait', 'not signed') : `DKIM, ${selectors.join(', ')}`}</span>
    </td>
    <td data-name="In the DNS">
      <span
        >${
          checkedAt === undefined
            ? html`<span class="soft">not asked</span>`
            : bad > 0
              ? state('fail', `${counted(bad, 'record')} missing or different`)
              : (verdicts.unknown ?? 0) > 0
                ? state('wait', `${counted(verdicts.unknown ?? 0, 'record')} not known`)
                : state('good', 'as it should be')
        }</span
      >
    </td>
    <td data-name="Asked"><span>${checkedAt === undefined ? '' : html`${ago(checkedAt, now)} ago`}</span></td>
  </tr>`;
}
