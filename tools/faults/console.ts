// Faults in what guards the console: against other sites, against who is not let in, against what strangers wrote, against who takes all there is.

import type { Fault } from './fault.ts';

const guard = { file: 'src/console/guard.ts', tests: ['src/console/app'] };
const app = { file: 'src/console/app.ts' };
const live = { file: 'src/console/live.ts', tests: ['src/console/live'] };
const stored = ['src/console/stored'];

/** As if somebody had seen to it that it is markup of ours. */
const unescaped = (text: string): string => `\${Object.assign(new String(${text}), { isEscaped: true })}`;

export const consoleFaults: readonly Fault[] = [
  {
    ...app,
    tests: ['src/console/turns'],
    why: 'one person has as many costly questions under way as he likes',
    from: '{ ...options.administration, turns: createTurns() }',
    to: '{ ...options.administration }',
  },
  {
    ...guard,
    why: 'a form of another site is taken',
    from: "if (!isOwn) return context.text('Refused: this was sent",
    to: "if (isOwn === undefined) return context.text('Refused: this was sent",
  },
  {
    ...guard,
    why: 'another site leads to a look',
    from: "site === 'same-site' || site === 'cross-site'",
    to: 'site === undefined',
  },
  {
    ...app,
    tests: ['src/console/matrix'],
    why: 'a form needs no token of its session',
    from: '    if (!isOfForm(form, session)) return refusedForm(context);\n',
    to: '',
  },
  {
    ...app,
    tests: ['src/console/late-forms'],
    why: 'a form that comes late is done for a session that is over',
    from: '    if (!(await this.#sessions.lives(session))) return this.#entrance.askWho(context, 401);\n',
    to: '',
  },
  {
    ...guard,
    why: 'a name that a stranger lets point here leads in',
    from: '(host !== own && !isLoopbackHost(host))',
    to: "host === ''",
  },
  {
    ...app,
    tests: ['src/console/beside'],
    why: 'the API answers to any name',
    from: 'app.use(securityHeaders(origin), ownHost(origin), noHeadAlone);',
    to: `app.use(securityHeaders(origin), async (context, next) =>
      context.req.path.startsWith(API_PATH) ? next() : ownHost(origin)(context, next), noHeadAlone);`,
  },
  {
    ...guard,
    why: 'a page is framed',
    from: "  'x-frame-options': 'DENY',\n",
    to: '',
  },
  {
    ...guard,
    tests: ['src/console/beside'],
    why: 'an answer is framed by a browser that knows the policy',
    from: "frame-ancestors 'none'; ",
    to: '',
  },
  {
    file: 'src/console/next.ts',
    tests: ['src/console/sign-in'],
    why: 'a sign-in leads to another site',
    from: '  return origin === base && pages.some(({ path }) => path === pathname) ?',
    to: '  if (origin !== base) return wanted;\n  return pages.some(({ path }) => path === pathname) ?',
  },
  {
    file: 'src/console/cookie.ts',
    tests: ['src/console/app'],
    why: 'a cookie that was planted beside ours counts',
    from: 'found.length === 1 ? found[0] : undefined',
    to: 'found.at(-1)',
  },
  {
    file: 'src/console/entrance.ts',
    tests: ['src/console/sign-in'],
    why: 'half way the cookie is the one that the session keeps',
    from: "    context.header('set-cookie', cookie.set(token));\n    return context.redirect(next, 303);",
    to: '    return context.redirect(next, 303);',
  },
  {
    file: 'src/console/entrance.ts',
    tests: ['src/console/sign-in'],
    why: 'whoever guesses passwords at the console waits for nothing',
    from: "if (judged.type !== 'right') await this.#wait(began + judged.notBeforeMs);",
    to: '',
  },
  {
    file: 'src/console/entrance.ts',
    tests: ['src/console/sign-in'],
    why: 'a role above user gets in by a password alone',
    from: "if ((identity.role ?? 'user') !== 'user')",
    to: "if (identity.role === 'user')",
  },
  {
    ...app,
    tests: ['src/console/acts'],
    why: 'whoever is in acts as an admin',
    from: 'administrationOf(ports, { ...session.actor,',
    to: "administrationOf(ports, { ...session.actor, role: 'admin',",
  },
  {
    ...app,
    tests: ['src/console/acts'],
    why: 'a page is shown to each role',
    from: '    if (!sees(session, page)) {',
    to: '    if (page.path.length === 0) {',
  },
  {
    file: 'src/console/pages/identity-acts.ts',
    tests: ['src/console/acts'],
    why: 'what can not be taken back is done without a question',
    from: "form.get('sure') !== 'yes'",
    to: "form.get('sure') === 'no'",
  },
  {
    file: 'src/console/pages/queue-acts.ts',
    tests: ['src/console/acts'],
    why: 'chosen mail is dropped without a question',
    from: "if (isAsked && form.get('sure') !== 'yes')",
    to: "if (isAsked && form.get('sure') === 'no')",
  },
  {
    ...live,
    why: 'one person takes all streams',
    from: '    if (his.length >= STREAMS_PER_PERSON) return undefined;\n',
    to: '',
  },
  {
    ...live,
    why: 'there are as many streams as tabs',
    from: '    if (this.#streams.size >= STREAMS_MAX) return undefined;\n',
    to: '',
  },
  {
    ...live,
    why: 'each tab costs a look',
    from: 'first.set(scopeOf(session), session)',
    to: 'first.set(session.name, session)',
  },
  {
    file: 'src/console/listener.ts',
    tests: ['src/console/listener'],
    why: 'there are as many connections as somebody opens',
    from: '  server.maxConnections = CONNECTIONS_MAX;\n',
    to: '',
  },
  {
    file: 'src/console/pages/queued-message.ts',
    tests: stored,
    why: 'a subject is markup',
    from: "${safeLines(header.join('\\n'))}",
    to: unescaped('safeLines(header.join())'),
  },
  {
    file: 'src/console/pages/queued-message.ts',
    tests: stored,
    why: 'what a report quotes is markup',
    from: '${safeLines(text)}',
    to: unescaped('safeLines(text)'),
  },
  {
    file: 'src/console/pages/identity.ts',
    tests: stored,
    why: 'the name that somebody gave himself is markup',
    from: '<dd>${safe(displayName)}</dd>',
    to: `<dd>${unescaped('safe(displayName)')}</dd>`,
  },
  {
    file: 'src/console/story.ts',
    tests: stored,
    why: 'the reply of another server is markup',
    from: '<blockquote>${safe(quote)}</blockquote>',
    to: `<blockquote>${unescaped('safe(quote)')}</blockquote>`,
  },
  {
    file: 'src/console/traced-refusal.ts',
    tests: stored,
    why: 'the login that somebody tried is markup',
    from: '<dd>${value}</dd>',
    to: `<dd>${unescaped('value')}</dd>`,
  },
];
