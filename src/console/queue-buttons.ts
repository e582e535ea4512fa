// What can be done to a part of the queue, as buttons of its form.

import { html } from 'hono/html';
import type { Html } from './page.ts';

export function queueButtons(): Html {
  return html`<button name="action" value="retry">Try now</button>
    <button name="action" value="hold">Hold</button>
    <button name="action" value="release">Release</button>
    <button name="action" value="bounce">Return to sender …</button>
    <button name="action" value="drop" class="bad">Drop …</button>`;
}
