// Why somebody does something, in his own words: one field that says what becomes of them, wherever it stands.

import { html } from 'hono/html';
import type { Html } from './page.ts';

export const REASON_LENGTH_MAX = 500;

/** `value`: what was typed before. */
export const reasonField = ({
  value = '',
  isRequired = false,
}: { readonly value?: string; readonly isRequired?: boolean } = {}): Html =>
  html`<label class="wide"
    >Reason${isRequired ? '' : ' (if you like)'}, such as a ticket or who called. It is kept in the trail
    beside your name, and shown to operators alone.<input
      name="reason"
      value="${value}"
      maxlength="${REASON_LENGTH_MAX}"
      autocomplete="off"
      ${isRequired ? html`required` : ''}
  /></label>`;
