// `/livez` and `/readyz`: is the server alive, should new connections come here? For people, or JSON for who asks for it. Whoever asks by a strange name hears yes or no
// alone.

import type { Context } from 'hono';
import { isReady, type ReadyLook } from '../../server/readiness.ts';
import type { Page } from './page.ts';

export interface ReadySources {
  ready(): Promise<readonly ReadyLook[]>;
}

export const alive: Page<unknown> = {
  path: '/livez',
  toldToAll: true,
  answer: ({ context }) => told(context, ['alive'], { alive: true }, 200),
};

export const ready: Page<ReadySources> = {
  path: '/readyz',
  toldToAll: true,
  async answer({ context, isForUs }, sources) {
    const looks = await sources.ready();
    const isNow = isReady(looks);
    const { lines, conditions } = isForUs ? toldOf(looks) : { lines: [] };
    return told(
      context,
      [isNow ? 'ready' : 'not ready', ...lines],
      { ready: isNow, ...(conditions && { conditions }) },
      isNow ? 200 : 503,
    );
  },
};

function toldOf(looks: readonly ReadyLook[]): {
  readonly lines: readonly string[];
  readonly conditions?: Readonly<Record<string, object>>;
} {
  return {
    lines: looks.map(({ name, because }) => `${name}: ${because === undefined ? 'yes' : `no: ${because}`}`),
    conditions: Object.fromEntries(
      looks.map(({ name, because }) => [
        name,
        because === undefined ? { met: true } : { met: false, because },
      ]),
    ),
  };
}

function told(context: Context, lines: readonly string[], value: object, status: 200 | 503): Response {
  return context.req.header('accept')?.includes('application/json') === true
    ? context.json(value, status)
    : context.text(lines.map((line) => `${line}\n`).join(''), status);
}
