// A refusal or a failed log-in that a trace found.

import { html } from 'hono/html';
import type { Refused } from '../audit/trace.ts';
import { safe } from '../base/safe-text.ts';
import type { Html } from './page.ts';
import { counted, moment } from './words.ts';

export function tracedRefusal(event: Refused): Html {
  const { payload } = event;
  const word = event.type === 'refused' ? 'Refused' : 'Log-in failed';
  if (payload === undefined)
    return html`<article class="card">
      <h2>${word}</h2>
      <p>${moment(event.time)}; what was recorded of it is forgotten.</p>
    </article>`;
  const { session, cause, count } = payload;
  const facts: readonly (readonly [string, string])[] = [
    ['Because', safe(cause)],
    ...('replyCode' in payload
      ? [
          ['Reply', `${payload.replyCode} ${payload.replyStatus} to ${payload.command}`] as const,
          ...(payload.principal === undefined ? [] : [['Logged in as', payload.principal.login] as const]),
          ...(payload.reversePath === undefined ? [] : [['Sender', safe(payload.reversePath)] as const]),
          ...(payload.forwardPaths === undefined || payload.forwardPaths.length === 0
            ? []
            : [['Recipients', payload.forwardPaths.map(safe).join(', ')] as const]),
        ]
      : payload.login === undefined
        ? []
        : [['Tried as', safe(payload.login)] as const]),
    ...(session.clientAddress === ''
      ? []
      : [
          [
            'Came from',
            `${session.clientAddress} port ${session.clientPort}, ${session.role === 'console' ? 'in the console' : `EHLO ${safe(session.ehlo)}`}`,
          ] as const,
        ]),
  ];
  return html`<article class="card">
    <div class="head">
      <h2><span class="state fail">${word}</span></h2>
      <span class="small">${moment(event.time)}${count > 1 ? `, ${counted(count, 'time')} alike` : ''}</span>
    </div>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </article>`;
}
