// The private HTTP port, for monitors and balancers on the same machine or network: its pages stand in `pages/pages.ts`. A foreign Host header is refused, so that a
// browser can't be led here (F-AUTH-14), but by what is told to all.

import { createServer } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { AdministrationPorts } from '../administration/ports.ts';
import { administrationOf } from '../administration/use-cases.ts';
import { isIP } from '../base/network.ts';
import { closeServer } from './close.ts';
import { bindingOf, cannotBind, listening, whereOf } from '../platform/listen.ts';
import { pages, type PageSources } from './pages/pages.ts';
import type { Page } from './pages/page.ts';

export interface PrivateOptions extends Omit<PageSources, 'administration'> {
  readonly address: string;
  readonly port: number;
  /** As configured now. */
  hostname(): string;
  /** For use cases, which are carried out in the name of the address that asks. */
  readonly administration: AdministrationPorts;
  notTaken(error: Error): void;
}

export async function startPrivateHttp(
  options: PrivateOptions,
  all: readonly Page<PageSources>[] = pages,
): Promise<() => Promise<void>> {
  // HTTP/1.0, which some balancers speak, needs no Host.
  const answer = getRequestListener(privateApp(options, all).fetch, { hostname: 'localhost' });
  const server = createServer((request, response) => void answer(request, response));
  await listening(server, bindingOf(options), (error) => options.notTaken(error)).catch((error: unknown) => {
    throw cannotBind('http', whereOf(options), error);
  });
  return () => closeServer(server);
}

type App = { Bindings: HttpBindings };

function privateApp(
  { hostname, administration, ...sources }: PrivateOptions,
  all: readonly Page<PageSources>[],
): Hono<App> {
  const app = new Hono<App>();
  const toldToAll = new Set(all.flatMap(({ path, toldToAll }) => (toldToAll === true ? [path] : [])));
  const isForUs = (context: Context): boolean => isOurs(context.req.header('host'), hostname());
  app.use(async (context, next) => {
    if (!isForUs(context) && !toldToAll.has(context.req.path))
      return context.text('Misdirected: ask by address, localhost or the name of this server\n', 421);
    return next();
  });
  for (const page of all)
    app.get(page.path, (context) => {
      const who = context.env.incoming.socket.remoteAddress ?? 'somebody who left';
      const actor = { who, through: 'private HTTP port', role: 'admin' } as const;
      return page.answer(
        { context, isForUs: isForUs(context) },
        { ...sources, administration: administrationOf(administration, actor) },
      );
    });
  app.onError((error, context) =>
    context.json({ status: 'failed', problems: [error.message], warnings: [] }, 500),
  );
  return app;
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
