// `postern account password` on a real terminal (a pty): asked for twice, not echoed, ended by Enter; Ctrl-C leaves the terminal sane.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HANGING_MS, lacking, startServer, type TestServer } from './server.ts';

const login = 'alice@example.org';
const MAIN = join(import.meta.dirname, '../../src/main.ts');
const skip = lacking('python3');
let server: TestServer;

before(async () => {
  if (skip === false) server = await startServer();
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Types each answer when its prompt has come, and says how the terminal is afterwards. */
const driver = `
import json, os, pty, select, sys, termios
steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    ready, _, _ = select.select([fd], [], [], 30)
    if not ready:
        break
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    while steps and steps[0][0].encode() in shown:
        os.write(fd, steps.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
flags = termios.tcgetattr(fd)[3]
print(json.dumps({'shown': shown.decode(), 'code': os.waitstatus_to_exitcode(status),
                  'sane': bool(flags & termios.ECHO) and bool(flags & termios.ICANON)}))
`;

function typed(steps: readonly (readonly [prompt: string, answer: string])[]) {
  const file = join(server.directory, 'terminal.py');
  writeFileSync(file, driver);
  const command = [process.execPath, MAIN, 'account', 'password', login, '-c', server.config];
  const { stdout, stderr } = spawnSync('python3', [file, JSON.stringify(steps), ...command], {
    encoding: 'utf8',
    timeout: HANGING_MS,
  });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as { shown: string; code: number; sane: boolean };
}

test('a password typed on a terminal is asked for twice, not shown, and set at Enter', { skip }, () => {
  const { shown, code, sane } = typed([
    [`New password of ${login}: `, 'hörse staple\r'],
    ['again: ', 'hörse staple\r'],
  ]);
  assert.equal(code, 0, shown);
  assert.ok(sane);
  assert.doesNotMatch(shown, /staple/);
  assert.match(shown, /password of alice@example\.org set/);
});

test('Ctrl-C at the prompt changes nothing and leaves the terminal sane', { skip }, () => {
  const { shown, code, sane } = typed([[`New password of ${login}: `, 'secret\u0003']]);
  assert.equal(code, 1, shown);
  assert.ok(sane);
  assert.match(shown, /nothing was done/);
  assert.doesNotMatch(shown, /secret/);
});
