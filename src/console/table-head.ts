// The head of a table: a name for each column.

import { html } from 'hono/html';
import type { Html } from './page.ts';

export const tableHead = (...names: readonly (string | Html)[]): Html =>
  html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`;

/** A name for who does not see what stands below it. */
export const unseen = (name: string): Html => html`<span class="hidden">${name}</span>`;
