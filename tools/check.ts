// `npm run check`: typecheck, lint, format, rings and style, dead code, generated documents,
// and whether each known fault still fits the source. Runs all, then says what failed.

import { spawnSync } from 'node:child_process';

const steps: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: "types of the console's script", command: ['tsc', '-p', 'src/console/assets'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test', 'tools', 'bench'] },
  { name: 'format', command: ['prettier', '--check', '--log-level=warn', '.'] },
  { name: 'rings and style', command: ['node', 'tools/test.ts', 'unit', 'tools/tidy'] },
  { name: 'dead code', command: ['knip'] },
  { name: 'generated documents', command: ['node', 'tools/docs.ts', '--check'] },
  { name: 'list of faults', command: ['node', 'tools/mutate.ts', '--check'] },
];

const failed = steps.filter(({ name, command: [program = '', ...args] }) => {
  const startedAt = performance.now();
  const result = spawnSync(program, args, { stdio: 'inherit' });
  const ok = result.status === 0;
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
  return !ok;
});
if (failed.length > 0) {
  console.error(`check failed: ${failed.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
