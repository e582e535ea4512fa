// The style sheet and the script of the console: read once, served under a name that changes with their content, so that browsers may keep them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

export interface Assets {
  readonly style: Asset;
  readonly script: Asset;
  readonly icon: Asset;
}

/** Once a process. */
export function readAssets(): Assets {
  return (read ??= {
    style: assetOf('style.css', 'text/css; charset=utf-8', ['style.css', 'pages.css', 'elsewhere.css']),
    script: assetOf('console.js', 'text/javascript; charset=utf-8', ['console.js', 'passkey.js']),
    icon: assetOf('icon.svg', 'image/svg+xml'),
  });
}

let read: Assets | undefined;

const HASH_LENGTH = 12;

/** Of several files one is made: each costs a browser a request. */
function assetOf(name: string, type: string, files: readonly string[] = [name]): Asset {
  const content = new Uint8Array(Buffer.concat(files.map(octetsOf)));
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, HASH_LENGTH);
  return { path: `/assets/${hash}/${name}`, type, content, zipped: new Uint8Array(gzipSync(content)) };
}

const octetsOf = (file: string): Uint8Array => readFileSync(new URL(`./assets/${file}`, import.meta.url));
