import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { octetString } from '../base/bytes.ts';
import { mailPlace } from './mail-place.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-mail-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function found(path: string, sinceMs = 0): Promise<string | undefined> {
  const bytes = await mailPlace(path, sinceMs).find('mark-7');
  return bytes === undefined ? undefined : octetString(bytes);
}

test('a message is found in a Maildir and in folders of messages, not while it is being written, nor in what is old or too large', async (t) => {
  const path = directory(t);
  for (const name of ['new', 'cur', 'tmp', 'a/b']) mkdirSync(join(path, name), { recursive: true });
  writeFileSync(join(path, 'tmp/1'), 'mark-7 half');
  writeFileSync(join(path, 'cur/2'), 'another');
  writeFileSync(join(path, 'cur/large'), `mark-7${'x'.repeat(300 * 1024)}`);
  assert.equal(await found(path), undefined);
  writeFileSync(join(path, 'a/b/3.eml'), 'S: 1\r\n\r\nmark-7\r\n');
  assert.equal(await found(path), 'S: 1\r\n\r\nmark-7\r\n');
  utimesSync(join(path, 'a/b/3.eml'), 1, 1);
  assert.equal(await found(path, 2000), undefined);
});

test('what was looked into is looked into again only when it has grown', async (t) => {
  const path = directory(t);
  const place = mailPlace(path, 0);
  writeFileSync(join(path, '1'), 'S: 1\r\n');
  assert.equal(await place.find('mark-7'), undefined);
  writeFileSync(join(path, '1'), 'S: 1\r\n\r\nmark-7\r\n');
  assert.notEqual(await place.find('mark-7'), undefined);
});

test('in a file of messages the one with the mark is cut out and its lines From are restored', async (t) => {
  const path = join(directory(t), 'mbox');
  const mbox = [
    'From a@b Wed',
    'S: 1',
    '',
    'other',
    '',
    'From c@d Wed',
    'S: 2',
    '',
    'mark-7',
    '>From here',
    '>>From',
    '',
  ];
  writeFileSync(path, mbox.join('\n'));
  assert.equal(await found(path), 'S: 2\n\nmark-7\nFrom here\n>>From\n');
  writeFileSync(path, `${'x'.repeat(5 * 1024 * 1024)}\nFrom a\nS: 3\n\nmark-7\n`);
  assert.equal(await found(path), 'S: 3\n\nmark-7\n', 'the end of a large file');
});

test('a place that is not there is an error, not an empty mailbox', async (t) => {
  await assert.rejects(found(join(directory(t), 'nothing')), { code: 'ENOENT' });
});
