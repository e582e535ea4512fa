// Plays dialogs that chance has changed against a server of its own, for minutes (test/fuzz); ends with "N passed, N failed".
//   npm run fuzz                              ten minutes, from the clock
//   npm run fuzz -- --minutes 1 --seed 17     the same dialogs in the same order each time
//   npm run fuzz -- --sessions 500 --seed 17  so many and no more

import { globSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseDialogs } from '../test/dialogs/dialog.ts';
import { fuzz, FUZZ_LIMITS } from '../test/fuzz/fuzz.ts';
import { startServer } from '../test/system/server.ts';

const GROWN_MIB_MAX = 100;
const PROGRESS = 2_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, minutes: { type: 'string' }, sessions: { type: 'string' } },
});
const seed = values.seed ?? String(Math.floor(Date.now() / 1000));
const endsAt = performance.now() + Number(values.minutes ?? 10) * 60_000;
// Warmed up after a third of this; the time ends it before.
const sessions = Number(values.sessions ?? 30_000);

await using server = await startServer({
  mx: true,
  extra: FUZZ_LIMITS,
});
const { errors, grownMiB, ...played } = await fuzz({
  server,
  dialogs: globSync('test/dialogs/*.txt').sort().flatMap(parseDialogs),
  seed,
  sessions,
  goOn(done) {
    if (done > 0 && done % PROGRESS === 0) console.log(`${done} sessions`);
    return performance.now() < endsAt;
  },
});
for (const line of errors.slice(0, 20)) console.log(line);
console.log(
  `seed ${seed}: ${played.sessions} sessions, ${errors.length} error lines, ${grownMiB.toFixed(0)} MiB more memory`,
);
const failed = errors.length > 0 || grownMiB > GROWN_MIB_MAX;
console.log(failed ? '0 passed, 1 failed' : '1 passed, 0 failed');
if (failed) process.exitCode = 1;
