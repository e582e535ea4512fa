// The private HTTP port: metrics, health, and whether the server is alive and ready, for monitors and balancers on the same machine or network. A foreign Host
// header is refused, so that a browser can't be led here (F-AUTH-14).

import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { isIP } from '../base/network.ts';
import type { Difference } from '../server/alike.ts';
import type { ShownNode } from '../server/cluster.ts';
import { isReady, type ReadyLook } from '../server/readiness.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import { closeServer } from './close.ts';
import { bindingOf, cannotBind, listening, whereOf } from '../platform/listen.ts';

export interface Health {
  /** Absent while the store thread is being started again. */
  readonly queue?: { readonly messages: number; readonly limit: number | 'none' };
  /** Events, and the link of the last one (`audit verify --expect`), hex. Absent like `queue`. */
  readonly trail?: { readonly events: number; readonly lastLink: string };
  /** Those that share the store; absent: nobody does, or the store can't be asked. */
  readonly nodes?: readonly ShownNode[];
  /** What they have configured differently. Absent like `nodes`. */
  readonly differences?: readonly Difference[];
  /** Next hops that take less than the configuration allows. */
  readonly learned?: readonly LearnedLimits[];
  /** Empty: all is well. */
  readonly problems: readonly string[];
  /** What needs somebody before it becomes a problem; the server is well. */
  readonly warnings: readonly string[];
}

export interface PrivateOptions {
  readonly address: string;
  readonly port: number;
  /** As configured now. */
  hostname(): string;
  readonly contentType: string;
  metrics(): Promise<string>;
  health(): Promise<Health>;
  ready(): Promise<readonly ReadyLook[]>;
  /** What the server's look at its own listeners said. */
  selfTest(): string;
  notTaken(error: Error): void;
}

export async function startPrivateHttp(options: PrivateOptions): Promise<() => Promise<void>> {
  // HTTP/1.0, which some balancers speak, needs no Host.
  const answer = getRequestListener(privateApp(options).fetch, { hostname: 'localhost' });
  const server = createServer((request, response) => void answer(request, response));
  await listening(server, bindingOf(options), (error) => options.notTaken(error)).catch((error: unknown) => {
    throw cannotBind('http', whereOf(options), error);
  });
  return () => closeServer(server);
}

function privateApp({ hostname, contentType, metrics, health, ready, selfTest }: PrivateOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isOurs(context.req.header('host'), hostname()))
      return context.text('Misdirected: ask by address, localhost or the name of this server\n', 421);
    return next();
  });
  app.get(
    '/metrics',
    async () => new Response(await metrics(), { headers: { 'content-type': contentType } }),
  );
  app.get('/health', async (context) => {
    const { problems, warnings, ...figures } = await health();
    return context.json(
      {
        status: problems.length === 0 ? 'ok' : 'degraded',
        selfTest: selfTest(),
        ...figures,
        problems,
        warnings,
      },
      problems.length === 0 ? 200 : 503,
    );
  });
  app.get('/livez', (context) => told(context, ['alive'], { alive: true }, 200));
  app.get('/readyz', async (context) => {
    const looks = await ready();
    const isNow = isReady(looks);
    const lines = looks.map(
      ({ name, because }) => `${name}: ${because === undefined ? 'yes' : `no: ${because}`}`,
    );
    const conditions = Object.fromEntries(
      looks.map(({ name, because }) => [
        name,
        because === undefined ? { met: true } : { met: false, because },
      ]),
    );
    return told(
      context,
      [isNow ? 'ready' : 'not ready', ...lines],
      { ready: isNow, conditions },
      isNow ? 200 : 503,
    );
  });
  app.onError((error, context) =>
    context.json({ status: 'failed', problems: [error.message], warnings: [] }, 500),
  );
  return app;
}

/** For people, or JSON for who asks for it. */
function told(context: Context, lines: readonly string[], value: object, status: 200 | 503): Response {
  return context.req.header('accept')?.includes('application/json') === true
    ? context.json(value, status)
    : context.text(lines.map((line) => `${line}\n`).join(''), status);
}

/** An address can't be rebound to by a stranger's name server; names are `localhost` and our own. A browser always names one. */
function isOurs(host: string | undefined, hostname: string): boolean {
  if (host === undefined) return true;
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return name === 'localhost' || name === hostname || isIP(name) !== 0;
}
