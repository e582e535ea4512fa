// One message of the queue: its envelope, why each recipient waits, its header, and on request the beginning of its content as plain text. Each look is recorded.

import { html } from 'hono/html';
import type { ListedEntry } from '../../administration/queue-why.ts';
import { safe, safeLines } from '../../base/safe-text.ts';
import { nextHops } from '../../server/next-hops.ts';
import { hopOf } from '../../store/hop-domains.ts';
import type { Asked, Html, Page } from '../page.ts';
import { queueButtons } from '../queue-buttons.ts';
import { hiddenPart } from '../queue-words.ts';
import { tokenField } from '../token-field.ts';
import { waitsWords } from '../waits-words.ts';
import { ago, counted, figure, moment, pageOf } from '../words.ts';

export const CONTENT_OCTETS_MAX = 16 * 1024;

export const queuedMessage: Page = {
  path: '/queue/message',
  needs: ['showQueued'],
  title: 'Queued message',
  async show(asked) {
    const id = (asked.query.get('id') ?? '').trim();
    const reason = (asked.query.get('reason') ?? '').trim();
    const wantsContent = asked.query.get('content') === 'yes';
    // What somebody wrote is shown to nobody without one.
    const asksWhy = asked.config().audit.requireReason || wantsContent;
    if (asksWhy && reason === '') return askWhy(id, wantsContent);
    const administration = asked.administration(reason);
    if (wantsContent) return content(id, reason, await administration.queuedContent({ id }));
    const { message, entries, header } = await administration.showQueued({ id });
    const { envelope, acceptedAt, octets } = message;
    const downs = await downHops(asked, entries);
    return html`<div class="head">
        <h1>Queued message</h1>
        <span class="id">${message.id}</span>
      </div>
      <section class="card">
        <dl class="facts">
          <dt>Accepted</dt>
          <dd>${moment(acceptedAt)}, ${ago(acceptedAt, asked.now)} ago</dd>
          <dt>Envelope sender</dt>
          <dd>${envelope.reversePath === '' ? 'none (<>)' : safe(envelope.reversePath)}</dd>
          <dt>Size</dt>
          <dd>${figure(octets)} octets</dd>
        </dl>
        <p class="row">
          <a class="button" href="${pageOf('/trace', { q: message.id, reason })}">Its trace</a>
          <a class="button" href="${pageOf('/queue', { id: message.id })}">In the queue</a>
          <a class="button" href="${pageOf('/queue/message', { id: message.id, content: 'yes', reason })}"
            >Look inside</a
          >
        </p>
      </section>
      <section class="card">
        <h2>Recipients</h2>
        <ul class="fates">
          ${entries.map((one) => recipient(one, asked.now, downs))}
        </ul>
        ${asked.may('changeQueue') ? acts(asked, message.id) : ''}
      </section>
      <section class="card">
        <h2>Header</h2>
        <pre tabindex="0"><code>${safeLines(header.join('\n'))}</code></pre>
      </section>`;
  },
};

/** What the next hop of this domain said last, if it is down: of mail that was not tried this is the cause. */
type Downs = (domain: string) => string | undefined;

async function downHops({ may, condition, config }: Asked, entries: readonly ListedEntry[]): Promise<Downs> {
  const isUntried = entries.some(({ waiting }) => waiting.last === undefined);
  if (!isUntried || !may('serverStatus') || !may('queueTotals')) return () => undefined;
  const { downHops: downs } = await condition();
  const hops = nextHops(config());
  return (domain) => downs.find(({ route }) => route === hopOf(hops, domain)?.name)?.diagnostic;
}

function recipient(one: ListedEntry, now: number, downs: Downs): Html {
  const { delivery } = one.entry;
  const { last, attempts } = one.waiting;
  const tried =
    last === undefined ? '' : html`, ${counted(attempts, 'attempt')}, the last one ${ago(last.at, now)} ago`;
  const cause = last === undefined ? downs(delivery.domain) : undefined;
  return html`<li>
    <span>${safe(delivery.recipient.forwardPath)}</span> ${waitsWords(one, now)}${tried}
    ${cause === undefined ? '' : html`<blockquote>${safe(cause)}</blockquote>`}
  </li>`;
}

function acts({ session }: Asked, id: string): Html {
  return html`<form method="post" action="/queue" class="row" aria-label="What to do with this message">
    ${tokenField(session.formToken)} ${hiddenPart({ id })}
    <input type="hidden" name="what" value="chosen" />
    <input type="hidden" name="id" value="${id}" />
    ${queueButtons()}
  </form>`;
}

function askWhy(id: string, wantsContent: boolean): Html {
  return html`<section class="gate">
    <h1>Why do you look?</h1>
    <p>A reason is asked for. It is recorded with your name.</p>
    <form method="get" action="/queue/message" class="row">
      <input type="hidden" name="id" value="${id}" />
      ${wantsContent ? html`<input type="hidden" name="content" value="yes" />` : ''}
      <label>Reason<input name="reason" required maxlength="500" /></label>
      <button class="main">Look</button>
    </form>
  </section>`;
}

async function content(id: string, reason: string, pieces: AsyncIterable<Uint8Array>): Promise<Html> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    octets += piece.length;
    if (octets > CONTENT_OCTETS_MAX) break;
  }
  const text = Buffer.concat(parts).subarray(0, CONTENT_OCTETS_MAX).toString('utf8').replaceAll('\r\n', '\n');
  return html`<div class="head">
      <h1>Content</h1>
      <a href="${pageOf('/queue/message', { id, reason })}">${id}</a>
    </div>
    <section class="card">
      <p class="soft">
        As it was submitted, as plain
        text${octets > CONTENT_OCTETS_MAX ? `, the first ${figure(CONTENT_OCTETS_MAX)} octets` : ''}. Nothing
        of it is rendered or fetched.
      </p>
      <pre tabindex="0"><code>${safeLines(text)}</code></pre>
    </section>`;
}
