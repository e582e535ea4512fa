// Figures, times and spans as people read them.

import { html } from 'hono/html';
import { spanWords } from '../base/span.ts';
import { time } from '../base/time.ts';
import type { Html } from './page.ts';

/** Where the last use of a credential is told: how exact that is (`src/identity/credential-uses.ts`). */
export const LAST_USE =
  'Last used: noted once a day for each network, so it may have been used since, from the same network.';

/** `1 message`, `2 messages`, `no messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  if (count === 0) return `no ${many}`;
  return `${figure(count)} ${count === 1 ? one : many}`;
}

export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Groups of three digits, with a narrow space between them. */
export function figure(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** The address of a page, whatever characters a value has. What is empty is not asked for. */
export function pageOf(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value = ''] of Object.entries(query)) if (value !== '') given.set(name, value);
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

/** UTC; the script shows it in the time of the reader. */
export function moment(at: number): Html {
  const iso = time(at);
  // A damaged record may have a time that is none.
  if (!iso.endsWith('Z')) return html`${iso}`;
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** How long it has been, with the moment itself as the title. */
export function ago(at: number, now: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}" data-span>${spanWords(Math.max(0, now - at))}</time>`;
}
