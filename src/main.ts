#!/usr/bin/env node
// The entry of everything: reads the command line. `serve` leads on to src/cli/serve.ts and src/server/supervisor.ts.

import { useOneArena } from './cli/one-arena.ts';
import { runProgram } from './cli/program.ts';

// Who reads us may stop reading, as `| head` does: that is no error of ours.
process.stdout.on('error', (error: Error) => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
  process.exit();
});

if (process.argv.includes('serve') || process.argv.includes('demo')) useOneArena();

process.exitCode = await runProgram(process.argv.slice(2));
