#!/usr/bin/env node
// The entry of everything: reads the command line. `serve` leads on to src/cli/serve.ts and src/server/supervisor.ts.

import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram(process.argv.slice(2));
