// How much waits, and for which next hop: above the list of the whole queue.

import { html } from 'hono/html';
import type { TotalsByHop } from '../../administration/queue-hops.ts';
import { state } from '../fate.ts';
import type { Html } from '../page.ts';
import { pageOfPart } from '../queue-words.ts';
import { ago, counted, figure } from '../words.ts';

const HOPS = 20;
/** Of one hop. */
const DOMAINS = 8;

/** `down`: names of the hops that take nothing now. */
export function totalsOf(totals: TotalsByHop, down: ReadonlySet<string>, now: number): Html {
  const { messages, deliveries, held, oldestAcceptedAt, byHop, byDomain } = totals;
  if (messages === 0) return html``;
  const others = deliveries - byDomain.reduce((sum, one) => sum + one.deliveries, 0);
  return html`<section class="card">
    <p>
      <strong>${counted(messages, 'message')}</strong> to
      ${counted(deliveries, 'recipient')}${oldestAcceptedAt === undefined ? '' : html`; the oldest has been here for ${ago(oldestAcceptedAt, now)}`}.
      ${held === 0 ? 'Nothing is held.' : html`<a href="${pageOfPart({ held: true })}">${figure(held)} held</a>.`}
    </p>
    <table class="rows" aria-label="By next hop">
      <thead>
        <tr>
          <th scope="col">Next hop</th>
          <th scope="col">Recipients</th>
          <th scope="col">Domains</th>
        </tr>
      </thead>
      <tbody>
        ${byHop.slice(0, HOPS).map(
          ({ hop, deliveries: count, domains }) =>
            html`<tr>
              <td data-name="Next hop">
                <span>${hop} ${down.has(hop) ? state('fail', 'down') : ''}</span>
              </td>
              <td data-name="Recipients">${figure(count)}</td>
              <td data-name="Domains">${chips(domains)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${
      others <= 0
        ? ''
        : html`<p class="soft small">
            And ${counted(others, 'recipient')} in domains with less: the ${figure(byDomain.length)} largest
            are counted here.
          </p>`
    }
  </section>`;
}

function chips(domains: TotalsByHop['byDomain']): Html {
  const more = domains.length - DOMAINS;
  return html`<ul class="chips">
    ${domains
      .slice(0, DOMAINS)
      .map(
        ({ domain, deliveries }) =>
          html`<li><a href="${pageOfPart({ domain })}">${domain}</a> ${figure(deliveries)}</li>`,
      )}
    ${more <= 0 ? '' : html`<li class="soft">and ${counted(more, 'more', 'more')}</li>`}
  </ul>`;
}
