// Where somebody wanted to go before he was asked who he is: a page of ours, or nothing. What a stranger wrote into a link leads nowhere else.

import { pages } from './routes.ts';

const LENGTH_MAX = 1024;

/** Path and query of a page; `/` for anything else. */
export function nextOf(wanted: string): string {
  if (wanted.length > LENGTH_MAX || !wanted.startsWith('/')) return '/';
  const base = 'http://here.invalid';
  if (!URL.canParse(wanted, base)) return '/';
  const { origin, pathname, search } = new URL(wanted, base);
  return origin === base && pages.some(({ path }) => path === pathname) ? `${pathname}${search}` : '/';
}
