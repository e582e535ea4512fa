// The private HTTP port: metrics and health, for monitors on the same machine or network. A foreign Host header is refused, so that a
// browser can't be led here (F-AUTH-14).

import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { isIP } from '../base/network.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import { closeServer } from './close.ts';
import { bindingOf, cannotBind, listening, whereOf } from '../platform/listen.ts';

export interface Health {
  /** Absent while the store thread is being started again. */
  readonly queue?: { readonly messages: number; readonly limit: number | 'none' };
  /** Events, and the link of the last one (`audit verify --expect`), hex. Absent like `queue`. */
  readonly trail?: { readonly events: number; readonly lastLink: string };
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
  /** What the server's look at its own listeners said. */
  selfTest(): string;
  notTaken(error: Error): void;
}

export async function startPrivateHttp(options: PrivateOptions): Promise<() => Promise<void>> {
  const answer = getRequestListener(privateApp(options).fetch);
  const server = createServer((request, response) => void answer(request, response));
  await listening(server, bindingOf(options), (error) => options.notTaken(error)).catch((error: unknown) => {
    throw cannotBind('http', whereOf(options), error);
  });
  return () => closeServer(server);
}

function privateApp({ hostname, contentType, metrics, health, selfTest }: PrivateOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isOurs(context.req.header('host') ?? '', hostname()))
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
  app.onError((error, context) =>
    context.json({ status: 'failed', problems: [error.message], warnings: [] }, 500),
  );
  return app;
}

/** An address can't be rebound to by a stranger's name server; names are `localhost` and our own. */
function isOurs(host: string, hostname: string): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return name === 'localhost' || name === hostname || isIP(name) !== 0;
}
