// One document over HTTPS, for configuration that a domain publishes: certificate verified, bounded in time and size, redirects reported but
// not followed here. The caller decides where a redirect may lead.

export type DocumentAnswer =
  | { readonly type: 'document'; readonly bytes: Uint8Array }
  | { readonly type: 'redirect'; readonly location: string }
  /** The server answered, but not with a document. */
  | { readonly type: 'notThere'; readonly status: number }
  | { readonly type: 'failed'; readonly cause: string };

export interface DocumentLimits {
  readonly octetsMax: number;
  readonly timeoutMs: number;
}

export interface DocumentSource {
  /** Never rejects. `url` begins with `https://`. */
  fetch(url: string, limits: DocumentLimits): Promise<DocumentAnswer>;
}

/** `ca`: trusted beside the well-known authorities, PEM. */
export function httpsDocuments(ca?: string): DocumentSource {
  return {
    async fetch(url, limits) {
      // Loaded when it is needed: most programs that submit mail never do.
      const [{ get }, { getCACertificates }] = await Promise.all([import('node:https'), import('node:tls')]);
      return new Promise((resolve) => {
        const request = get(url, {
          agent: false,
          signal: AbortSignal.timeout(limits.timeoutMs),
          headers: { accept: 'text/xml, application/xml' },
          ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
        });
        request.on('error', (error) => resolve({ type: 'failed', cause: causeOf(error) }));
        request.on('response', (response) => {
          const { statusCode: status = 0, headers } = response;
          if (status !== 200) {
            request.destroy();
            const { location } = headers;
            const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== undefined;
            return resolve(isRedirect ? { type: 'redirect', location } : { type: 'notThere', status });
          }
          const parts: Uint8Array[] = [];
          let octets = 0;
          response.on('data', (part: Uint8Array) => {
            parts.push(part);
            octets += part.length;
            if (octets <= limits.octetsMax) return;
            resolve({ type: 'failed', cause: `larger than ${limits.octetsMax} octets` });
            request.destroy();
          });
          response.on('end', () => resolve({ type: 'document', bytes: Buffer.concat(parts) }));
          response.on('error', (error) => resolve({ type: 'failed', cause: causeOf(error) }));
        });
      });
    },
  };
}

function causeOf(error: Error): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time';
  return 'code' in error ? String(error.code) : error.message;
}
