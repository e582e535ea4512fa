// Debian's Chromium, driven as a person drives it; what it complains of and what it loads is kept.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { eventually } from './server.ts';

const HOME = join(import.meta.dirname, '../..');

export function openBrowser(): Promise<Browser> {
  // As root it has no sandbox of its own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args });
}

export interface Watched {
  readonly page: Page;
  /** Errors and warnings of its console, faults of its scripts, requests that failed. */
  readonly complaints: readonly string[];
  /** All that was asked for. */
  readonly requests: readonly string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions): Promise<Watched> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests };
}

interface AxeAnswer {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with the page: WCAG 2.2 A and AA, and good practice. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const { violations: found } = (await page.evaluate('axe.run()')) as AxeAnswer;
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** CSS pixels that the page needs. */
export function neededWidth(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth');
}

/** Where rows are cards: texts of cells that stand in the column of the names, or beside their cell. */
export function strayTexts(page: Page): Promise<readonly string[]> {
  return page.evaluate(`[...document.querySelectorAll('table.rows tbody tr')]
    .filter((row) => getComputedStyle(row).display !== 'table-row')
    .flatMap((row) => {
      const names = row.getBoundingClientRect().left + 6 * 16;
      const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
      const stray = [];
      for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
        if (text.data.trim() === '' || text.parentElement.closest('.hidden') !== null) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        if ([...range.getClientRects()].some(({ left }) => left < names)) stray.push(text.data.trim());
      }
      return stray;
    })`);
}

export interface FirstTry {
  readonly directory: string;
  /** As `npm start` printed them: the line that submits, and the link into the console. */
  readonly submit: string;
  readonly link: string;
  /** Of a command of its command line. */
  postern(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** `npm start` in a fresh place. */
export async function firstTry(): Promise<FirstTry> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-console-'));
  const child = spawn(process.execPath, [join(HOME, 'src/main.ts'), 'demo'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await eventually('the link', 20, () => /^http:\S+\/sign-in\/\S+$/m.test(output) || child.exitCode !== null);
  return {
    directory,
    submit: /^curl .*$/m.exec(output)?.[0] ?? output,
    link: /^http:\S+\/sign-in\/\S+$/m.exec(output)?.[0] ?? output,
    async postern(...args) {
      const command = spawn(process.execPath, [join(HOME, 'src/main.ts'), ...args], { cwd: directory });
      let said = '';
      command.stdout.on('data', (data) => (said += String(data)));
      await new Promise((resolve) => command.once('close', resolve));
      return said.trim();
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
