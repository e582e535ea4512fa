// A log line is one JSON object, whatever stands in its facts.

import assert from 'node:assert/strict';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, openSink } from './log.ts';

function logged(): { log: ReturnType<typeof createLog>; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog('info', { write: (line) => void lines.push(line) }), lines };
}

test('a line holds level, time, the facts that are known, and the message last', () => {
  const { log, lines } = logged();
  log.info({ id: '01J', login: undefined, fates: ['delivered'], remote: 'mx"\n\u001b' }, 'attempt');
  log.warn({}, 'bare');
  const [full = '', bare = ''] = lines;
  assert.equal(full.indexOf('\n'), full.length - 1, 'one line');
  const { time, ...rest } = JSON.parse(full) as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(Object.entries(rest), [
    ['level', 'info'],
    ['id', '01J'],
    ['fates', ['delivered']],
    ['remote', 'mx"\n\u001b'],
    ['msg', 'attempt'],
  ]);
  assert.deepEqual(Object.keys(JSON.parse(bare) as object), ['level', 'time', 'msg']);
});

test('what is below the level is not written, and the level can be changed', () => {
  const { log, lines } = logged();
  log.debug({}, 'no');
  log.level = 'debug';
  log.debug({}, 'yes');
  log.level = 'error';
  log.warn({}, 'no');
  log.fatal({}, 'yes');
  assert.equal(log.level, 'error');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['yes', 'yes'],
  );
});

test('the end waits for what is not written yet, but not for a disk that is full', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-log-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = openSync(join(directory, 'log'), 'a');
  const sink = openSink(file);
  const lines = Array.from({ length: 1000 }, (_, at) => `line ${at}\n`);
  for (const line of lines) sink.write(line);
  await sink.flush();
  assert.equal(readFileSync(join(directory, 'log'), 'utf8'), lines.join(''));
  sink.write('too late\n');
  const full = openSync('/dev/full', 'w');
  const lost = openSink(full);
  lost.write('nobody will read this\n');
  await lost.flush();
  assert.ok(lost.dropped > 0, 'it is counted');
});
