// What became of a recipient, as a word with its shape: the same word on every page.

import { html } from 'hono/html';
import type { RecipientFate } from '../audit/fates.ts';
import type { Html } from './page.ts';
import { figure } from './words.ts';

type Fate = RecipientFate['fate'];

/** The kind of state, and the word. */
const shown: Readonly<Record<Fate, readonly [kind: string, word: string]>> = {
  // The trail alone can't tell whether it is tried, or waits for its hop: the queue does.
  queued: ['none', 'in the queue'],
  delivered: ['good', 'delivered'],
  relayed: ['good', 'passed on'],
  deferred: ['wait', 'waits'],
  failed: ['fail', 'failed'],
  expired: ['fail', 'given up'],
  dropped: ['fail', 'dropped'],
};

export function state(kind: string, word: string): Html {
  return html`<span class="state ${kind}">${word}</span>`;
}

export function fateState(fate: Fate): Html {
  return state(...shown[fate]);
}

/** Of several recipients: how many came to what, if they came to more than one thing. */
export function fateStates(fates: Readonly<Partial<Record<Fate, number>>>): readonly Html[] {
  const all = Object.entries(fates) as [Fate, number][];
  const [only] = all;
  if (all.length === 1 && only !== undefined) return [fateState(only[0])];
  return all.map(([fate, count]) => {
    const [kind, word] = shown[fate];
    return state(kind, `${figure(count)} ${word}`);
  });
}
