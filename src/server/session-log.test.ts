// A session's refusals are written up to a number; the rest is counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../observe/log.ts';
import { allLines } from '../../test/fakes/log.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createLineBudget, LINES_IN_ALL, LINES_PER_NETWORK } from './line-budget.ts';
import { createSessionLog } from './session-log.ts';

const facts = { client: '192.0.2.1', clientPort: 1, port: 25, role: 'mx' };

function bounded() {
  const lines: string[] = [];
  const clock = virtualClock(0);
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const budget = createLineBudget({
    ...{ clock, fronts: 1 },
    isExempt: (address) => address === '203.0.113.9',
    leftOut: (what) => log.warn(what, 'left out'),
  });
  return { lines, clock, log: createSessionLog(log, budget) };
}

test('6409-5.2-a 6409-5.2-b 6409-9 F-DOS-9/1: ten thousand refusals are some dozens of lines, with their cause', () => {
  const lines: string[] = [];
  const log = createSessionLog(createLog('info', { write: (line) => void lines.push(line) }), allLines);
  const line = { command: 'MAIL', code: 550, status: '5.7.1', cause: 'no right', client: '192.0.2.1' };
  log.connected('s1', facts);
  for (let n = 0; n < 10_000; n += 1) log.refused('s1', line, true);
  log.refused('s2', line, true);
  log.disconnected('s1', {});
  assert.ok(lines.length < 60);
  assert.match(lines[1] ?? '', /"session":"s1".*"cause":"no right"/);
  assert.match(lines.at(-2) ?? '', /"unwritten":9950/);
});

test('F-HDR-4: what strangers wrote stays inside one line', () => {
  const lines: string[] = [];
  const log = createSessionLog(createLog('info', { write: (line) => void lines.push(line) }), allLines);
  log.refused(
    's',
    {
      command: 'EHLO',
      code: 501,
      status: '5.5.4',
      cause: 'x\n{"level":"info"}\u001b[31m',
      client: '',
    },
    false,
  );
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
  assert.ok(!lines[0]?.includes('\u001b'));
});

test('F-DOS-9/2: what one network of strangers causes is bounded each minute, and said in one line', () => {
  const { lines, clock, log } = bounded();
  const visit = (n: number, client: string): void => {
    log.connected(`s${n}`, { ...facts, client });
    for (let at = 0; at < 25; at += 1)
      log.refused(`s${n}`, { command: 'X', code: 500, status: '5.5.1', cause: 'unknown', client }, false);
    log.disconnected(`s${n}`, {});
  };
  for (let n = 0; n < 1000; n += 1) visit(n, '192.0.2.1');
  assert.ok(lines.length <= LINES_PER_NETWORK);
  visit(1001, '192.0.2.2');
  assert.match(lines.at(-1) ?? '', /"session":"s1001".*"disconnected"/, 'another network is not touched');
  const before = lines.length;
  clock.advance(60_000);
  assert.equal(lines.length, before + 1);
  assert.match(lines.at(-1) ?? '', /"unwritten":26880,"networks":1,"most":"192.0.2.1"/);
  visit(1002, '192.0.2.1');
  assert.match(lines.at(-1) ?? '', /"session":"s1002"/, 'in the next minute');
  const ofExempt = lines.length;
  for (let n = 0; n < 100; n += 1) visit(2000 + n, '203.0.113.9');
  assert.equal(lines.length, ofExempt + 2700);
});

test('F-DOS-9/2: many networks together are bounded too', () => {
  const { lines, clock, log } = bounded();
  for (let n = 0; n < 20_000; n += 1) {
    log.connected(`s${n}`, { ...facts, client: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` });
    log.disconnected(`s${n}`, {});
  }
  assert.ok(lines.length <= LINES_IN_ALL);
  clock.advance(60_000);
  assert.match(lines.at(-1) ?? '', /"networks":1001,"most":"others"/);
});

test('D-TR-1: whoever logs in is written down, however much strangers of that network have caused', () => {
  const { lines, log } = bounded();
  for (let n = 0; n < 500; n += 1) log.connected(`flood${n}`, facts);
  const before = lines.length;
  log.connected('alice', facts);
  assert.equal(lines.length, before);
  log.accountable('alice');
  log.accountable('alice');
  log.disconnected('alice', {});
  assert.match(
    lines.slice(before).join(''),
    /"session":"alice".*"connected"[^]*"session":"alice".*"disconnected"/,
  );
  assert.equal(lines.length, before + 2);
  const { lines: office, log: ofOffice } = bounded();
  for (let n = 0; n < 500; n += 1) {
    ofOffice.connected(`s${n}`, facts);
    ofOffice.accountable(`s${n}`);
    ofOffice.disconnected(`s${n}`, {});
  }
  assert.equal(office.length, 1000, 'they cost the network nothing');
});
