// A session's refusals are written up to a number; the rest is counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../observe/log.ts';
import { createSessionLog } from './session-log.ts';

test('6409-5.2-a 6409-5.2-b 6409-9 F-DOS-9: ten thousand refusals are some dozens of lines, with their cause', () => {
  const lines: string[] = [];
  const log = createSessionLog(createLog('info', { write: (line) => void lines.push(line) }));
  const line = { command: 'MAIL', code: 550, status: '5.7.1', cause: 'no right', client: '192.0.2.1' };
  log.began('s1');
  for (let n = 0; n < 10_000; n += 1) log.refused('s1', line);
  log.refused('s2', line);
  log.ended('s1');
  assert.ok(lines.length < 60);
  assert.match(lines[0] ?? '', /"session":"s1".*"cause":"no right"/);
  assert.match(lines.at(-1) ?? '', /"unwritten":9950/);
});

test('F-HDR-4: what strangers wrote stays inside one line', () => {
  const lines: string[] = [];
  const log = createSessionLog(createLog('info', { write: (line) => void lines.push(line) }));
  log.refused('s', {
    command: 'EHLO',
    code: 501,
    status: '5.5.4',
    cause: 'x\n{"level":"info"}\u001b[31m',
    client: '',
  });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
  assert.ok(!lines[0]?.includes('\u001b'));
});
