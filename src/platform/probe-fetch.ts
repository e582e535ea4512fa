// One document over HTTPS, bounded in time and size, its certificate verified, no redirects.

import { get } from 'node:https';

export type Fetched =
  | { readonly type: 'document'; readonly status: number; readonly text: string }
  | { readonly type: 'failed'; readonly because: string };

const OCTETS_MAX = 64 * 1024;

/** Never rejects. */
export function fetchDocument(url: string, timeoutMs: number, ca?: string): Promise<Fetched> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, ...(ca === undefined ? {} : { ca }) });
    const fail = (because: string): void => {
      clearTimeout(timer);
      resolve({ type: 'failed', because });
      request.destroy();
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    request.on('error', (error) => fail('code' in error ? String(error.code) : error.message));
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > OCTETS_MAX) fail('a document without end');
      });
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ type: 'document', status: response.statusCode ?? 0, text });
      });
      response.on('error', (error) => fail(error.message));
    });
  });
}
