// In the place of a page that is for others: for whom it is, and where one's own pages are.

import { html } from 'hono/html';
import type { Html, Page } from '../page.ts';
import { menuOf, rolesOf } from '../sees.ts';
import type { Session } from '../sessions.ts';

export function notForYou(session: Session, page: Page): Html {
  const { role } = session.actor;
  const roles = rolesOf(page);
  const [first] = menuOf(session);
  return html`<section class="failure" role="alert">
    <h1>This page is not for you</h1>
    <p>
      ${
        roles.includes(role)
          ? `${page.title} is about the one who is signed in with an account of his own: you came by a link that names none.`
          : `${page.title} is for ${listed(roles)}. You have the role ${role}: only an admin can give you another.`
      }
    </p>
    ${first === undefined ? '' : html`<p><a class="button" href="${first.path}">To ${first.title}</a></p>`}
  </section>`;
}

function listed(roles: readonly string[]): string {
  const [last = '', ...others] = roles.toReversed();
  const all = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `the role${others.length === 0 ? '' : 's'} ${all}`;
}
