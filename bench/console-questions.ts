// What `console.ts` asks: each page and each answer of the API, as somebody who may see it, with parameters that name something. Another status than 200 is a fault of this list.

import type { UseCaseName } from '../src/administration/use-cases.ts';
import { ownPages } from '../src/console/pages/me/routes.ts';
import { pages } from '../src/console/routes.ts';
import { API_PATH } from '../src/http/api/path.ts';
import { routes } from '../src/http/api/routes.ts';
import { ALICE } from './long-trail.ts';

/** The portal is asked as somebody who has much mail. */
export type As = 'admin' | 'alice';

export interface Question {
  readonly path: string;
  readonly as: As;
  /** In the table. */
  readonly shown: string;
}

/** `id`: of mail of alice's that waits. `messages`: in the trail. */
export interface World {
  readonly id: string;
  readonly messages: number;
}

/** What is put in place of `{login}` and the like, and asked for by `?q=` and the like. */
const given = ({ id }: World): Readonly<Record<string, string>> => ({
  ...{ login: ALICE.login, id, q: ALICE.login, from: ALICE.login },
  ...{ domain: 'example.org', name: 'example.org', selector: 'postern' },
});

/** They show one thing, and say so to who names none. */
const ofOneThing: ReadonlySet<string> = new Set(['/queue/message', '/domains/domain', '/me/message']);

const traced = ({ messages }: World): readonly string[] => [
  ...['nobody@far.example', '192.0.2.7', `<m${messages / 2}@mail.example.org>`],
];

/** It gives all there is, in pieces. */
const isWhole = (useCase: UseCaseName): boolean => ['backUp', 'exportTrail'].includes(useCase);

function ofPages(world: World): readonly Omit<Question, 'shown'>[] {
  const words = new URLSearchParams(given(world));
  return pages.flatMap((page) => {
    const { path } = page;
    const as = ownPages.includes(page) ? 'alice' : 'admin';
    const named = { path: `${path}?${words.toString()}`, as } as const;
    return ofOneThing.has(path) ? [named] : [{ path, as }, named];
  });
}

function ofApi(world: World): readonly Omit<Question, 'shown'>[] {
  return routes
    .filter(({ method, useCase }) => method === 'GET' && !isWhole(useCase))
    .map(({ path, query }) => {
      const words = given(world);
      const asked = new URLSearchParams();
      for (const name of ['q', 'from']) if (name in query.shape) asked.set(name, words[name] ?? '');
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(words[name] ?? ''),
      );
      return {
        path: `${API_PATH}${filled}${asked.size > 0 ? `?${asked.toString()}` : ''}`,
        as: path === '/me' || path.startsWith('/me/') ? 'alice' : 'admin',
      };
    });
}

/** Each page as it is, and with words; those that look for something, with more of them. */
export function questionsOf(world: World): readonly Question[] {
  const looks = [
    ...traced(world).map((q) => `/trace?q=${encodeURIComponent(q)}`),
    ...[`/trace?q=${world.id}`, '/queue?domain=d7.example.net', `/queue?identity=${ALICE.login}`],
  ];
  const ofAlice = ['/me?to=d7.example.net', '/me?to=nobody'];
  const all: readonly Omit<Question, 'shown'>[] = [
    ...ofPages(world),
    ...looks.map((path) => ({ path, as: 'admin' as const })),
    ...ofAlice.map((path) => ({ path, as: 'alice' as const })),
    ...ofApi(world),
  ];
  const words = new URLSearchParams(given(world)).toString();
  return all.map(({ path, as }) => {
    const shown = decodeURIComponent(path.replace(words, 'WORDS')).replaceAll(world.id, 'ID');
    return { path, as, shown };
  });
}
