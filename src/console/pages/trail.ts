// Trail: how far each chain has come, whether it is as it was written, and its events to take along.

import { html } from 'hono/html';
import type { TrailEnd } from '../../administration/trail.ts';
import type { VerificationView } from '../../audit/verifier.ts';
import { placeOfFlaw, type VerifiedChain } from '../../audit/verify.ts';
import { safe } from '../../base/safe-text.ts';
import { state } from '../fate.ts';
import type { Asked, Html, Page } from '../page.ts';
import { ago, counted, figure, moment } from '../words.ts';
import { reasonField } from '../reason-field.ts';
import { tokenField } from '../token-field.ts';

export const trail: Page = {
  path: '/trail',
  title: 'Trail',
  inMenu: true,
  needs: ['trailEnds', 'showVerification'],
  async show(asked) {
    const administration = asked.administration();
    const [ends, { verification }] = await Promise.all([
      administration.trailEnds(),
      administration.showVerification(),
    ]);
    return html`<h1>Trail</h1>
      ${verificationCard(asked, verification)}
      <div class="pair">${chains(ends)} ${taken(asked)}</div>`;
  },
};

function verificationCard(asked: Asked, view: VerificationView | undefined): Html {
  const isRunning = view?.state === 'running';
  return html`<section class="card" id="follow-verification" ${isRunning ? html`data-follow` : ''}>
    <div class="head">
      <h2>Is it as it was written?</h2>
      ${view === undefined ? state('none', 'not verified since the start') : wordOf(view)}
    </div>
    ${view === undefined ? '' : html`<div aria-live="polite">${isRunning ? progress(view, asked.now) : found(view)}</div>`}
    <form method="post" action="/trail/verification" class="row">
      ${tokenField(asked.session.formToken)}
      ${
        isRunning
          ? html`<a class="button" href="/trail">How far is it?</a>
              <button name="action" value="stop">Stop</button>`
          : html`<label class="wide"
                >A last link that was kept elsewhere (if there is one)<input
                  name="expect"
                  maxlength="64"
                  autocomplete="off"
                  spellcheck="false" /></label
              ><button class="main" name="action" value="start">Verify the trail</button>`
      }
    </form>
    <p class="soft small">
      Each event must follow from the one before it with the content that was written, each word of the index
      must lead to it, what is gone must be told by a purge or an erasure, and what is queued must have been
      accepted. Who can write the database can compute links again: a link that was kept elsewhere shows that
      too.
    </p>
  </section>`;
}

function wordOf({ state: now, result }: VerificationView): Html {
  if (now === 'running') return state('wait', 'under way');
  if (now === 'stopped') return state('none', 'stopped');
  if (now === 'failed') return state('fail', 'could not be found out');
  return result?.broken === undefined
    ? state('good', 'the trail holds')
    : state('fail', 'the trail is broken');
}

function progress({ events, of, startedAt, by }: VerificationView, now: number): Html {
  return html`<p>
    <progress aria-label="Events walked" max="${Math.max(of, events, 1)}" value="${events}"></progress>
    ${figure(events)} of ${counted(of, 'event')}, begun by ${safe(by)}, under way for ${ago(startedAt, now)}.
    It goes on by itself, also when you leave this page.
  </p>`;
}

function found({ result, because, endedAt, startedAt, by, expect }: VerificationView): Html {
  const when = html`<p class="soft small">
    Begun by ${safe(by)} ${moment(startedAt)}${endedAt === undefined ? '' : html`, ended ${moment(endedAt)}`}.
  </p>`;
  if (result === undefined)
    return html`${because === undefined ? '' : html`<p>${safe(because)}</p>`} ${when}`;
  const { broken, events, forgotten, chains: all } = result;
  if (broken !== undefined)
    return html`<p><strong>Broken${placeOfFlaw(broken)}:</strong> ${safe(broken.because)}</p>
      <p>
        ${counted(events, 'event')} before it ${events === 1 ? 'is' : 'are'} as written. Keep the store as it
        is, look at backups, and find out who could write it: <code>postern audit verify</code> says the same.
      </p>
      ${when}`;
  return html`<p>
      ${counted(events, 'event')} follow from each other with the content that was written;
      ${forgotten === 0 ? 'nothing was forgotten' : `${figure(forgotten)} of them were forgotten by retention or erasure`}.
      ${expect === undefined ? '' : 'The link that was kept elsewhere is among them.'}
    </p>
    ${lastLinks(all)} ${when}`;
}

function lastLinks(all: readonly VerifiedChain[]): Html {
  return html`<ul class="fates">
    ${all.map(
      ({ chain, name, sequence, lastLink, checkpoint }) =>
        html`<li>
          <span
            >Chain ${chain} of ${safe(name)},
            ${counted(sequence, 'event')}${checkpoint === undefined ? '' : `, here only after its event ${figure(checkpoint)}`}</span
          >
          <span class="id">${lastLink}</span>
        </li>`,
    )}
  </ul>`;
}

/** Of a cluster that runs for years the register is long. */
const CHAINS_MAX = 50;

function chains(ends: readonly TrailEnd[]): Html {
  return html`<section class="card">
    <h2>Chains and their last links</h2>
    <p>
      Keep a last link outside of this server now and then: later it shows that nothing before it was changed.
    </p>
    <ul class="fates">
      ${ends
        .slice(-CHAINS_MAX)
        .toReversed()
        .map(
          ({ chain, name, startedAt, events, lastLink }) =>
            html`<li>
              <span
                >Chain ${chain} of ${safe(name)}: ${counted(events, 'event')} since ${moment(startedAt)}</span
              >
              <span class="id">${lastLink}</span>
            </li>`,
        )}
    </ul>
    ${ends.length > CHAINS_MAX ? html`<p class="soft">${counted(ends.length - CHAINS_MAX, 'older chain')} not shown.</p>` : ''}
  </section>`;
}

function taken({ session, may, config }: Asked): Html {
  return html`<section class="card">
    <h2>Who looked</h2>
    ${
      may('listLooks')
        ? html`<p><a class="button" href="/trail/looks">The access record</a></p>`
        : html`<p class="empty">The access record is not for your role.</p>`
    }
    <h2>Take it along</h2>
    ${
      may('exportTrail')
        ? html`<form method="post" action="/trail/export" class="stack">
            ${tokenField(session.formToken)}
            <label
              >Of one account alone (its login)<input
                name="login"
                maxlength="320"
                autocomplete="off"
                spellcheck="false"
            /></label>
            ${reasonField({ isRequired: config().audit.requireReason })}
            <button>Export as JSON lines</button>
          </form>`
        : html`<p class="empty">An export shows everybody's mail: it is not for your role.</p>`
    }
  </section>`;
}
