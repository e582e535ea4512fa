// What the documents link to and show is there: files, pictures, chapters.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const documents = globSync(['*.md', 'docs/**/*.md']);

/** Code is no text: what looks like a link there is none. */
const prose = (path: string): string => readFileSync(path, 'utf8').replaceAll(/^```[^]*?^```$/gm, '');

/** As GitHub makes them of headings, and what is named by hand. */
function anchorsIn(path: string): ReadonlySet<string> {
  const text = prose(path);
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return new Set([...headings, ...named]);
}

function brokenIn(path: string): readonly string[] {
  return [...prose(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const linked = file === '' ? path : join(dirname(path), file);
    if (!existsSync(linked)) return [`${path}: ${target}`];
    if (anchor === undefined || !linked.endsWith('.md') || anchorsIn(linked).has(anchor)) return [];
    return [`${path}: ${target}`];
  });
}

test('each file, picture and chapter that a document leads to is there', () => {
  assert.ok(documents.length > 5);
  assert.deepEqual(documents.flatMap(brokenIn), []);
});

test('each picture is shown by a document', () => {
  const texts = documents.map(prose).join('\n');
  assert.deepEqual(
    globSync('docs/images/*').filter((path) => !texts.includes(path.replace(/^docs\//, ''))),
    [],
  );
});
