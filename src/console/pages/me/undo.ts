// Undo: a button beside what has not left yet, with the seconds that are left for it; and how long one's mail waits for that.

import { html } from 'hono/html';
import type { MyMessage } from '../../../administration/my-mail.ts';
import { UseCaseFailure } from '../../../administration/failure.ts';
import { UNDO_MAX } from '../../../policy/undo-window.ts';
import type { Act, Asked, Html } from '../../page.ts';
import { tokenField } from '../../token-field.ts';
import { counted, pageOf } from '../../words.ts';

const UNDO = '/me/undo';
const WINDOW = '/me/undo-window';

/** Nothing if it can't be taken back. The script counts the seconds down. */
export function undoForm({ session, now }: Asked, { id, undoUntil }: MyMessage): Html | '' {
  if (undoUntil === undefined) return '';
  const left = Math.max(1, Math.floor((undoUntil - now) / 1000));
  return html`<form method="post" action="${UNDO}" class="row" data-countdown="${left}">
    ${tokenField(session.formToken)}<input type="hidden" name="id" value="${id}" />
    <button class="main" aria-describedby="left-${id}">Undo</button>
    <span class="soft small" id="left-${id}"><span data-left>${counted(left, 'second')}</span> left</span>
  </form>`;
}

export const undoMyMessage: Act = {
  path: UNDO,
  async carryOut({ administration }, form) {
    const { id, recipients } = await administration().undoMessage({ id: (form.get('id') ?? '').trim() });
    return {
      to: pageOf('/me/message', { id }),
      notice: `Taken back: it goes to ${recipients === 1 ? 'nobody' : `none of its ${recipients} recipients`}.`,
    };
  },
};

/** Seconds that the form offers. */
const windows: readonly number[] = [0, 5, 10, 20, 30, UNDO_MAX];

const wordsOf = (seconds: number): string => (seconds === 0 ? 'off' : counted(seconds, 'second'));

export function undoWindowCard({ session }: Asked, undoSeconds: number): Html {
  const offered = [...new Set([...windows, undoSeconds])].toSorted((one, other) => one - other);
  return html`<section class="card">
    <h2>Undo</h2>
    <p>
      With an undo window, what you send waits so long before it leaves, and can be taken back here meanwhile.
      It counts for what you send from then on.
    </p>
    <form method="post" action="${WINDOW}" class="row">
      ${tokenField(session.formToken)}
      <label>
        Undo window
        <select name="seconds">
          ${offered.map(
            (seconds) =>
              html`<option value="${seconds}" ${seconds === undoSeconds ? html`selected` : ''}>
                ${wordsOf(seconds)}
              </option>`,
          )}
        </select>
      </label>
      <button>Set</button>
    </form>
  </section>`;
}

export const setMyUndoWindow: Act = {
  path: WINDOW,
  async carryOut({ administration }, form) {
    const { undoSeconds } = await administration().setMyUndoWindow({
      undoSeconds: secondsIn(form.get('seconds') ?? ''),
    });
    return {
      to: '/me',
      notice:
        undoSeconds === 0
          ? 'Undo is off: what you send leaves at once.'
          : `What you send waits ${counted(undoSeconds, 'second')} from now on.`,
    };
  },
};

/** Of a form. */
export function secondsIn(text: string): number {
  const given = text.trim();
  if (!/^\d{1,2}$/.test(given))
    throw new UseCaseFailure(`an undo window is a number of seconds from 0 to ${UNDO_MAX}`, 'usage');
  return Number(given);
}
