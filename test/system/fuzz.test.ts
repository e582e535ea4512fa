// Dialogs changed by chance, from a seed: the server says what it says, logs no fault, keeps its memory, and serves the next one.

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { parseDialogs } from '../dialogs/dialog.ts';
import { fuzz, FUZZ_LIMITS } from '../fuzz/fuzz.ts';
import { PASSWORD, startServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const SESSIONS = 1_500;
/** Heaps that are not collected below 48 MiB fill up; a leak of a session's buffers would be more. */
const GROWN_MIB_MAX = 100;
const login = 'alice@example.org';

test('F-DOS-1 F-DOS-3 F-DOS-7 F-SMUG-1: fifteen hundred dialogs, broken by chance, leave no error and no growth', async () => {
  await using server = await startServer({
    mx: true,
    extra: FUZZ_LIMITS,
  });
  const dialogs = globSync('test/dialogs/*.txt').sort().flatMap(parseDialogs);
  const outcome = await fuzz({ server, dialogs, seed: '20261129', sessions: SESSIONS });
  assert.equal(outcome.sessions, SESSIONS);
  assert.deepEqual(outcome.errors.slice(0, 5), []);
  assert.ok(outcome.grownMiB < GROWN_MIB_MAX, `memory grew by ${outcome.grownMiB.toFixed(0)} MiB`);
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: 'afterwards' }), /^250/);
  client.close();
});
