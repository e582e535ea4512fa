// What every request of the console has to pass, and what every answer carries. A foreign Host is refused, so that a name which a stranger lets point here leads nobody in; an
// act is taken from our own pages alone.

import type { MiddlewareHandler } from 'hono';
import { isIP } from '../base/network.ts';

/** Nothing is loaded from elsewhere, nothing inline runs, nobody frames it. */
const headers: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // With `no-referrer` a browser would call the origin of a form `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

const TARGET_LENGTH_MAX = 4096;

/** Of all answers; `no-store` where the answer says nothing else. */
export function securityHeaders(origin: string): MiddlewareHandler {
  const isSecure = origin.startsWith('https:');
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
    if (isSecure) context.res.headers.set('strict-transport-security', 'max-age=31536000');
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store');
  };
}

/** By the host of our origin or by a name of loopback, whatever the port: it may come through `ssh -L`. */
export function ownHost(origin: string): MiddlewareHandler {
  const own = new URL(origin).host;
  return async (context, next) => {
    const host = context.req.header('host')?.toLowerCase();
    if (host === undefined || (host !== own && !isLoopbackHost(host)))
      return context.text(`Misdirected: this console is ${origin}\n`, 421);
    if (context.req.url.length > TARGET_LENGTH_MAX) return context.text('The address is too long\n', 414);
    // PostgreSQL takes it in no text: each such look would end as a fault of ours, with a line in the log.
    if (context.req.url.includes('%00'))
      return context.text('The address has a NUL (%00), which stands in nothing that is looked for\n', 400);
    return next();
  };
}

function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '');
  return name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** The framework would make the whole page for it: a look at somebody's mail would be recorded that nobody had, a stream opened that nobody reads. */
export const noHeadAlone: MiddlewareHandler = async (context, next) =>
  context.req.method === 'HEAD' ? context.body(null, 501) : next();

/** What a form sends, or nothing: no other content can be made by a page of somebody else without being asked first. */
const FORM = /^application\/x-www-form-urlencoded(;|$)/i;

/** Shows nothing of anybody. */
const isEntrance = (path: string): boolean =>
  path === '/' || path === '/sign-in' || path.startsWith('/sign-in/');

/** Through `ssh -L` a browser calls it by a name of loopback, whatever our origin is. */
const isThroughLoopback = (from: string, host: string): boolean =>
  isLoopbackHost(host) && (from === `http://${host}` || from === `https://${host}`);

/** Refuses what another site makes a browser send. The token of the form is looked at beside it, where there is a session. */
export function ownPagesOnly(origin: string): MiddlewareHandler {
  return async (context, next) => {
    const site = context.req.header('sec-fetch-site');
    if (context.req.method === 'GET') {
      // A look is recorded in somebody's name: another port of this machine is the same site to a browser, which would send the cookie along.
      const isLedHere = site === 'same-site' || site === 'cross-site';
      if (!isLedHere || isEntrance(context.req.path)) return next();
      return context.text('Refused: another site led here. Open the console itself\n', 403);
    }
    const from = context.req.header('origin');
    const isOwn =
      (site === undefined || site === 'same-origin') &&
      (from === undefined
        ? site === 'same-origin'
        : from === origin || isThroughLoopback(from, context.req.header('host') ?? ''));
    if (!isOwn) return context.text('Refused: this was sent by another site\n', 403);
    if (!FORM.test(context.req.header('content-type') ?? ''))
      return context.text('Refused: a form of the console is wanted\n', 415);
    return next();
  };
}
