// A text as a picture that a telephone reads (QR code), drawn here: nothing about a secret leaves this server.

import { html } from 'hono/html';
import type { Html } from './page.ts';

/** The standard wants so many bright modules around it (ISO/IEC 18004). */
const BORDER = 4;

/** Dark on bright, whatever the reader's system is set to: many cameras read nothing else. */
export async function qrCode(text: string, name: string): Promise<Html> {
  const { encode } = await import('uqr');
  const { size, data } = encode(text, { ecc: 'M', border: BORDER });
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${name}">
    <rect width="${size}" height="${size}" fill="#fff" />
    <path d="${path}" fill="#000" shape-rendering="crispEdges" />
  </svg>`;
}
