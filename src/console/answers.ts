// Answers that are no page: a file to be kept, and what pages load.

import type { Context } from 'hono';
import { octetsResponse } from '../http/octets.ts';
import type { Asset } from './assets.ts';
import type { Outcome } from './page.ts';

const YEAR_S = 31_536_000;

/** `file`: of letters, digits, dots and hyphens. */
export function fileOf({
  file,
  pieces,
  type = 'application/octet-stream',
}: Extract<Outcome, { readonly file: string }>): Promise<Response> {
  return octetsResponse(pieces, {
    'content-type': type,
    'content-disposition': `attachment; filename="${file}"`,
  });
}

export function send(context: Context, { type, content, zipped }: Asset): Response {
  const takesZipped = /\bgzip\b/.test(context.req.header('accept-encoding') ?? '');
  return context.body(takesZipped ? zipped : content, 200, {
    'content-type': type,
    'cache-control': `public, max-age=${YEAR_S}, immutable`,
    vary: 'accept-encoding',
    ...(takesZipped ? { 'content-encoding': 'gzip' } : {}),
  });
}
