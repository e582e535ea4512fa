// What a form does to the queue: what is chosen at once; what may be more than one sees, or can't be undone, after a question that says how much it is.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../administration/failure.ts';
import type { QueuePart } from '../../administration/queue-selector.ts';
import type { Administration } from '../../administration/use-cases.ts';
import type { Act, Asked, Html, Outcome } from '../page.ts';
import { hiddenPart, PART, partInWords, pageOfPart, partOf } from '../queue-words.ts';
import { type QueueAction, workOn } from '../queue-work.ts';
import { capital, counted, figure } from '../words.ts';
import { reasonField } from '../reason-field.ts';
import { tokenField } from '../token-field.ts';

const done: Readonly<Record<QueueAction, string>> = {
  retry: 'tried now',
  hold: 'held',
  release: 'released',
  drop: 'dropped',
  bounce: 'given up, and reported to their senders',
};

export const CHOSEN_MAX = 500;

export const changeQueue: Act = {
  path: '/queue',
  actions: Object.fromEntries(
    (Object.keys(done) as QueueAction[]).map((action) => [
      action,
      (asked: Asked, form: URLSearchParams) => change(action, asked, form),
    ]),
  ),
};

async function change(action: QueueAction, asked: Asked, form: URLSearchParams): Promise<Outcome> {
  const parts = partsOf(form);
  const isAsked = cannotBeUndone(action) || form.get('what') === 'part';
  if (isAsked && form.get('sure') !== 'yes') return question(asked, form, action, parts);
  const reason = (form.get('reason') ?? '').trim();
  return carryOn(asked, asked.administration(reason), action, parts, partOf(form, PART));
}

const cannotBeUndone = (action: QueueAction): boolean => action === 'drop' || action === 'bounce';

/** A part for each chosen message, or the one that was shown. */
function partsOf(form: URLSearchParams): readonly QueuePart[] {
  if (form.get('what') === 'part') return [partOf(form, PART)];
  const ids = [...new Set(form.getAll('id'))];
  if (ids.length === 0)
    throw new UseCaseFailure(
      'no message was chosen: go back, and mark some, or take all that match',
      'usage',
    );
  if (ids.length > CHOSEN_MAX)
    throw new UseCaseFailure(
      `${ids.length} messages were chosen: one form takes ${CHOSEN_MAX}; choose fewer, or take all that match`,
      'usage',
    );
  return ids.map((id) => ({ id }));
}

async function question(
  { session, administration }: Asked,
  form: URLSearchParams,
  action: QueueAction,
  parts: readonly QueuePart[],
): Promise<Outcome> {
  const counts = await Promise.all(parts.map((part) => administration().countQueue({ part })));
  const count = counts.reduce((all, one) => all + one, 0);
  if (count === 0) throw new UseCaseFailure('nothing of it is in the queue any more');
  const shown = partOf(form, PART);
  const [only] = parts;
  const words =
    form.get('what') === 'part'
      ? partInWords(only ?? {}) || 'the whole queue'
      : counted(parts.length, 'chosen message');
  return {
    title: 'Are you sure?',
    content: html`<section class="gate">
      <h1>${verbs[action]} ${counted(count, 'recipient')}?</h1>
      <p>It means ${words}. ${warnings[action]}</p>
      <form method="post" action="/queue" class="stack">
        ${tokenField(session.formToken)}
        <input type="hidden" name="action" value="${action}" />
        <input type="hidden" name="what" value="${form.get('what') ?? ''}" />
        <input type="hidden" name="sure" value="yes" />
        ${hiddenPart(shown)} ${form.get('what') === 'part' ? '' : chosen(parts)} ${reasonField()}
        <div class="row">
          <button class="${cannotBeUndone(action) ? 'bad' : 'main'}">
            ${verbs[action]} ${figure(count)}
          </button>
          <a class="button" href="${pageOfPart(shown)}">Leave it as it is</a>
        </div>
      </form>
    </section>`,
  };
}

const chosen = (parts: readonly QueuePart[]): readonly Html[] =>
  parts.map(({ id = '' }) => html`<input type="hidden" name="id" value="${id}" />`);

const verbs: Readonly<Record<QueueAction, string>> = {
  retry: 'Try now',
  hold: 'Hold',
  release: 'Release',
  drop: 'Drop',
  bounce: 'Return to sender',
};

const warnings: Readonly<Record<QueueAction, string>> = {
  retry: 'Their next attempt begins now.',
  hold: 'They wait until somebody releases them.',
  release: 'They go on, unless their account may not send.',
  drop: 'They are gone for good, and their senders hear nothing of it.',
  bounce:
    'They are gone for good, and each sender gets a report; who asked for none, and the null sender, hear nothing.',
};

async function carryOn(
  { clock }: Asked,
  administration: Administration,
  action: QueueAction,
  parts: readonly QueuePart[],
  shown: QueuePart,
): Promise<Outcome> {
  const { changed, stillHeld, isCut, because } = await workOn(administration, clock, action, parts);
  const broke = because === undefined ? '' : ` Then it broke off: ${because}.`;
  const left = isCut ? ' There may be more: do it once more for the rest.' : '';
  const held = stillHeld === 0 ? '' : ` ${figure(stillHeld)} stay held, because their account may not send.`;
  return {
    to: pageOfPart(shown),
    notice: `${capital(counted(changed, 'recipient'))} ${done[action]}.${changed === 0 ? ' What is under way, or was so already, is left as it is.' : ''}${held}${broke}${left}`,
  };
}
