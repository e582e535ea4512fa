// Which pages are for whom: by the table of pages and the one of permissions.

import { isFor } from '../administration/permissions.ts';
import { type Role, roles } from '../record/identity.ts';
import type { Page } from './page.ts';
import { pages } from './routes.ts';
import type { Session } from './sessions.ts';

export function sees({ actor }: Session, page: Page): boolean {
  return (page.ofOneself !== true || actor.identityId !== undefined) && isForRole(page, actor.role);
}

/** Those that may see it. */
export const rolesOf = (page: Page): readonly Role[] => roles.filter((role) => isForRole(page, role));

function isForRole({ needs = [] }: Page, role: Role): boolean {
  return needs.every((useCase) => isFor(role, useCase));
}

export const menuOf = (session: Session): readonly Page[] =>
  pages.filter((page) => page.inMenu === true && sees(session, page));
