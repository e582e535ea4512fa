// Pages of what went wrong.

import { html } from 'hono/html';
import { safe } from '../../base/safe-text.ts';
import type { Html } from '../page.ts';

export function notHere(): Html {
  return html`<section class="gate">
    <h1>There is no such page</h1>
    <p><a href="/">To the overview</a></p>
  </section>`;
}

export function failed(words: string): Html {
  return html`<section class="failure" role="alert">
    <h1>That did not work</h1>
    <p>${safe(words)}</p>
  </section>`;
}
