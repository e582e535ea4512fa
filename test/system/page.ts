// A page of ours in a real browser: at the width of a phone, and on paper.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HANGING_MS } from './server.ts';

/** CSS pixels of a narrow phone. */
export const PHONE_WIDTH = 360;

export interface PageSeen {
  /** CSS pixels that it needs, in a frame of `PHONE_WIDTH`. */
  readonly width: number;
  /** What the selector found. */
  readonly found: number;
  /** What the browser wrote, with the complaints of its console. */
  readonly log: string;
}

/** `chromium` must be there (`lacking`). The page may run no script, so that one beside it measures it. */
export function seenOnPhone(page: string, selector: string): PageSeen {
  const frame = join(dirname(page), 'frame.html');
  writeFileSync(
    frame,
    `<body style="margin:0"><iframe id="f" src="${basename(page)}" style="width:${PHONE_WIDTH}px;height:800px;border:0"></iframe>
    <script>f.onload = () => { const d = f.contentDocument; document.title = d.documentElement.scrollWidth + ' ' + d.querySelectorAll(${JSON.stringify(selector)}).length; }</script>`,
  );
  const { stdout, stderr } = browse(page, [
    ...['--allow-file-access-from-files', '--virtual-time-budget=3000', '--enable-logging=stderr'],
    ...['--dump-dom', `file://${frame}`],
  ]);
  const [, width = '0', found = '0'] = /<title>(\d+) (\d+)<\/title>/.exec(stdout) ?? [];
  return { width: Number(width), found: Number(found), log: stderr };
}

/** How many sheets of paper it takes. */
export function pagesOnPaper(page: string): number {
  const pdf = `${page}.pdf`;
  browse(page, [`--print-to-pdf=${pdf}`, '--no-pdf-header-footer', `file://${page}`]);
  return readFileSync(pdf, 'latin1').match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;
}

function browse(page: string, args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  return spawnSync(
    'chromium',
    ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${dirname(page)}/profile`, ...args],
    { encoding: 'utf8', timeout: HANGING_MS },
  );
}

export const complaint = /CONSOLE.*(error|refused|violat)/i;
