// What stands in each form of ours, and in no other: the token of the session, or of the sign-in that is under way.

import { html } from 'hono/html';
import type { Html } from './page.ts';

export const tokenField = (token: string): Html =>
  html`<input type="hidden" name="token" value="${token}" />`;
