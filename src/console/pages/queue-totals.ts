// How much waits, and for which next hop: above the list of the whole queue.

import { html } from 'hono/html';
import type { TotalsByHop } from '../../administration/queue-hops.ts';
import { state } from '../fate.ts';
import type { Asked, Html } from '../page.ts';
import { hiddenPart, pageOfPart } from '../queue-words.ts';
import { tokenField } from '../token-field.ts';
import { tableHead, unseen } from '../table-head.ts';
import { ago, counted, figure } from '../words.ts';

const HOPS = 20;
/** Of one hop. */
const DOMAINS = 8;

/** `down`: names of the hops that take nothing now. */
export function totalsOf(
  totals: TotalsByHop,
  down: ReadonlySet<string>,
  { session, now }: Pick<Asked, 'session' | 'now'>,
): Html {
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
      ${tableHead('Next hop', 'Recipients', 'Domains', unseen('What to do'))}
      <tbody>
        ${byHop.slice(0, HOPS).map(
          ({ hop, deliveries: count, domains }) =>
            html`<tr>
              <td data-name="Next hop">
                <span
                  ><a href="${pageOfPart({ nextHop: hop })}">${hop}</a>
                  ${down.has(hop) ? state('fail', 'down') : ''}</span
                >
              </td>
              <td data-name="Recipients">${figure(count)}</td>
              <td data-name="Domains">${chips(domains)}</td>
              <td data-name="What to do">${retry(hop, session.formToken)}</td>
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

/** Asks first. All else is done below the list that the name of the hop leads to. */
function retry(hop: string, token: string): Html {
  return html`<form method="post" action="/queue">
    ${tokenField(token)} ${hiddenPart({ nextHop: hop })}
    <input type="hidden" name="what" value="part" />
    <button name="action" value="retry" aria-label="Try now what goes to ${hop} …">Try now …</button>
  </form>`;
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
