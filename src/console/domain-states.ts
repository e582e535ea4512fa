// How the DNS of our domains was when it was asked last: what is wrong with the way to its page, or that all is right, with its age.

import { html } from 'hono/html';
import { isForExamples, WATCHED_MAX } from '../administration/domain-watch.ts';
import type { ListedDomain, ListedDomains } from '../administration/domains.ts';
import { state } from './fate.ts';
import type { Html } from './page.ts';
import { ago, capital, counted, pageOf } from './words.ts';

const SHOWN = 10;

/** `listed`: the first of our domains, as many as are watched. */
export function domainStates({ domains, next }: ListedDomains, now: number): Html {
  const unlike = domains.filter((domain) => isWrong(domain) || isUnknown(domain));
  const shown = [...unlike.filter(isWrong), ...unlike.filter((domain) => !isWrong(domain))].slice(0, SHOWN);
  return html`<section class="card" id="live-domains">
    <div class="head">
      <h2>DNS of our domains</h2>
      <a class="small" href="/domains">All domains</a>
    </div>
    ${
      shown.length === 0
        ? ''
        : html`<ul class="fates">
            ${shown.map((domain) => row(domain, now))}
          </ul>`
    }
    ${unlike.length > shown.length ? html`<p>And ${unlike.length - shown.length} more domains.</p>` : ''}
    <p class="soft small">${howMany(domains, now)}${next === undefined ? '' : rest}</p>
  </section>`;
}

export const isWrong = ({ bad = 0 }: ListedDomain): boolean => bad > 0;
const isUnknown = ({ verdicts }: ListedDomain): boolean => (verdicts?.unknown ?? 0) > 0;

const rest = html` These are the first ${WATCHED_MAX}, by name: the others are asked for on their pages.`;

function row({ domain, bad = 0, verdicts, checkedAt = 0 }: ListedDomain, now: number): Html {
  return html`<li>
    <a href="${pageOf('/domains/domain', { name: domain })}">${domain}</a>
    ${
      bad > 0
        ? state('fail', `${counted(bad, 'record')} missing or different`)
        : state('wait', `${counted(verdicts?.unknown ?? 0, 'record')} not known`)
    }
    <span class="soft">asked ${ago(checkedAt, now)} ago</span>
  </li>`;
}

function howMany(domains: readonly ListedDomain[], now: number): Html {
  if (domains.length === 0) return html`There are none.`;
  const asked = domains.flatMap(({ checkedAt }) => checkedAt ?? []);
  const examples = domains.filter(({ domain }) => isForExamples(domain)).length;
  if (asked.length === 0)
    return examples === domains.length
      ? html`Not asked: these names are reserved for examples. A domain’s page asks when you want it.`
      : html`Not asked yet: the console begins two minutes after its start.`;
  const right = domains.filter((domain) => !isWrong(domain) && !isUnknown(domain) && domain.checkedAt).length;
  return html`${capital(counted(right, 'domain'))} of ${domains.length} as it should be. Asked now and then,
  the longest ago ${ago(Math.min(...asked), now)} ago.`;
}
