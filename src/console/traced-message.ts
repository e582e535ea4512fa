// A traced message for people: who sent it, with what, what proves that it is this one, and what became of it as a time line.

import { html } from 'hono/html';
import type { ListedEntry } from '../administration/queue-why.ts';
import type { Comparison } from '../audit/evidence.ts';
import type { RecipientFate } from '../audit/fates.ts';
import type { TracedMessage } from '../audit/trace.ts';
import { safe } from '../base/safe-text.ts';
import type { AcceptedPayload, PrincipalFacts } from '../record/events.ts';
import { fateState, state } from './fate.ts';
import type { Html } from './page.ts';
import { isQueued } from './still-queued.ts';
import { storyOf } from './story.ts';
import { waitsWords } from './waits-words.ts';
import { counted, figure, moment, pageOf } from './words.ts';

/** A list has thousands: they would make a page that no browser likes. */
export const RECIPIENTS_MAX = 100;

/** `queued`: those of its recipients that still wait, by their number. */
export function tracedMessage(
  message: TracedMessage,
  queued: ReadonlyMap<number, ListedEntry> | undefined,
  now: number,
): Html {
  const { id, acceptedAt, accepted, recipients, evidence, where, body } = message;
  const more = recipients.length - RECIPIENTS_MAX;
  return html`<article class="card traced" aria-labelledby="m-${id}">
    <div class="head">
      <h2 id="m-${id}">
        ${accepted === undefined ? 'A message whose record was forgotten' : whoOf(accepted)}
      </h2>
      <span class="id">${id}</span>
    </div>
    ${
      evidence === undefined || where === undefined || body === undefined
        ? ''
        : proof({ evidence, where, body, fields: message.fields })
    }
    ${
      accepted === undefined
        ? html`<p>
            Accepted ${moment(acceptedAt)}. Retention or an erasure took what was recorded of
            it${message.identityId === undefined ? '' : `; its identity was ${message.identityId}`}.
          </p>`
        : factsOf(accepted)
    }
    <h3 class="hidden">Recipients</h3>
    <ul class="fates">
      ${recipients
        .slice(0, RECIPIENTS_MAX)
        .map(
          (one, at) =>
            html`<li>
              <span>${safe(one.recipient)}</span> ${stands(one, queued?.get(at), now)}
              ${one.attempts > 1 ? html`<span class="soft small">${figure(one.attempts)} attempts</span>` : ''}
            </li>`,
        )}
      ${more <= 0 ? '' : html`<li>and ${counted(more, 'more recipient')}: <code>postern trace ${id} --json</code> has all</li>`}
    </ul>
    <h3>What happened</h3>
    ${storyOf(message)}
    ${isQueued(message) ? html`<p><a class="button" href="${pageOf('/queue', { id })}">See it in the queue</a></p>` : ''}
  </article>`;
}

function stands({ fate, takenBack }: RecipientFate, queued: ListedEntry | undefined, now: number): Html {
  if (takenBack === true) return state('none', 'taken back');
  if (queued === undefined || (fate !== 'queued' && fate !== 'deferred')) return fateState(fate);
  return waitsWords(queued, now);
}

function whoOf({ principal, rule }: AcceptedPayload): Html {
  if (principal !== undefined) return html`Sent by ${principal.login}`;
  return rule === 'report'
    ? html`Written by this server: a report`
    : html`Nobody here sent it: mail from a stranger to a mailbox of ours`;
}

const grades: Readonly<Record<Comparison['evidence'], readonly [kind: string, words: string]>> = {
  message: ['good', 'Proven: body and header are those that were submitted.'],
  body: ['wait', 'The body is the one that was submitted; not all of its header is.'],
  line: [
    'wait',
    'Our topmost line fits; the body does not, or there is none: cut or changed on the way, or the line was copied.',
  ],
  none: ['fail', 'Not proven: whoever wrote this could write our line into it.'],
};

function proof({ evidence, where, fields }: Comparison): Html {
  const [kind, words] = grades[evidence];
  const other = fields?.other ?? [];
  const detail =
    evidence === 'body' && fields === undefined
      ? ' Its header was not recorded, so Subject and To prove nothing.'
      : other.length === 0
        ? ''
        : ` Not as submitted: ${other.join(', ')}.`;
  return html`<p>
    <span class="state ${kind} wrap">${words}</span>${detail}
    <span class="soft small">Compared: ${where}.</span>
  </p>`;
}

function factsOf(accepted: AcceptedPayload): Html {
  const { principal, session, envelope } = accepted;
  const rows: readonly (readonly [name: string, value: Html | string])[] = [
    ...(principal === undefined ? [] : [['Proved by', howProved(principal, session.role)] as const]),
    ...(session.clientAddress === '' ? [] : [['Came from', html`${placeOf(accepted)}`] as const]),
    ['Envelope sender', envelope.reversePath === '' ? 'none (<>)' : safe(envelope.reversePath)],
    ['From', accepted.headerFrom.map(safe).join(', ')],
    ['Allowed by', safe(accepted.rule)],
    ['Message-ID', safe(accepted.messageIdField ?? 'none')],
    ['Size', `${figure(accepted.octets)} octets`],
    ...(accepted.signatures ?? []).map(
      ({ domain, selector, failure }) =>
        [
          'DKIM',
          failure === undefined
            ? `signed by ${selector} of ${domain}`
            : html`${state('fail', `not signed by ${selector} of ${domain}`)}: ${safe(failure)}`,
        ] as const,
    ),
    ...(accepted.label === undefined ? [] : [['Label', accepted.label] as const]),
    ...(accepted.node === undefined ? [] : [['Node', safe(accepted.node)] as const]),
  ];
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function howProved(
  { credentialLabel, credentialId, mechanism, directory }: PrincipalFacts,
  role: AcceptedPayload['session']['role'],
): Html {
  if (role === 'local') return html`operating-system user ${safe(credentialLabel)}, over the local socket`;
  const by = directory === undefined ? '' : `, by the directory ${safe(directory)}`;
  return html`credential ${safe(credentialLabel)} <span class="id soft">${credentialId}</span>,
    ${mechanism}${by}`;
}

function placeOf({ session, withProtocol }: AcceptedPayload): Html {
  const { clientAddress, clientPort, ehlo, serverPort, tls } = session;
  return html`<a href="${pageOf('/trace', { q: clientAddress })}">${clientAddress}</a> port ${clientPort}, to
    our port ${serverPort}, EHLO ${safe(ehlo)}${tls === undefined ? ', in clear' : `, ${tls.version}`}
    (${withProtocol})`;
}
