// The first try as the README promises it: `npm start` in a fresh place, and the three printed lines, as printed.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, HANGING_MS, lacking } from './server.ts';

const HOME = join(import.meta.dirname, '../..');

/** Undefined: it may not be bound here, or somebody has it. */
async function occupy(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, () => resolve(server));
  });
}

for (const taken of [false, true]) {
  const where = taken ? 'where 587 is taken' : 'on the ports that are free';
  test(
    `BCP134-3.1-h: npm start ${where}: submit, look, trace, as printed`,
    { skip: lacking('curl') },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'postern-first-'));
      const occupant = taken ? await occupy(587) : undefined;
      const child = spawn(process.execPath, [join(HOME, 'src/main.ts'), 'demo'], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (data) => (output += String(data)));
      child.stderr.on('data', (data) => (output += String(data)));
      const gone = new Promise((resolve) => child.once('exit', resolve));
      try {
        await eventually('the three lines', 20, () => /^bin\/postern trace /m.test(output));
        const [submit = '', look = '', trace = ''] = output
          .split('\n')
          .filter((line) => /^(curl|cat|bin\/postern) /.test(line));
        const run = (line: string): string => {
          const result = spawnSync('sh', ['-c', line], {
            cwd: directory,
            encoding: 'utf8',
            timeout: HANGING_MS,
          });
          assert.equal(result.status, 0, `${line}\n${result.stderr}`);
          return result.stdout;
        };
        assert.match(submit, taken && occupant !== undefined ? /127\.0\.0\.1:5587 / : /127\.0\.0\.1:5?587 /);
        run(`${submit} -sS`);
        const shown = await eventually('delivery', 10, () => {
          const found = spawnSync('sh', ['-c', look], { cwd: directory, encoding: 'utf8' });
          return found.status === 0 && found.stdout;
        });
        assert.match(shown, /Subject: Hello through Postern/);
        assert.match(run(`${HOME}/${trace}`), /who {7}alice@postern\.test/);
        await eventually(
          'the self-test',
          30,
          () => /self-test done|"level":"(warn|error)"/.test(output) || child.exitCode !== null,
        );
        assert.doesNotMatch(output, /certificate/, 'its own certificate is nothing to warn of');
        const listeners = readFileSync(join(directory, 'var/postern.yaml'), 'utf8');
        assert.equal((listeners.match(/address: 127\.0\.0\.1/g) ?? []).length, 4, 'this machine alone');
      } finally {
        child.kill('SIGTERM');
        await gone;
        occupant?.close();
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
}
