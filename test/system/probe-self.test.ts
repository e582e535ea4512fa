// The self-test of a running server: a good one passes and nobody notices; a server whose code has a hole that the policy probes can't see is found
// out on the wire, and ends.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Hole, holes } from './holes.ts';
import { eventually, startServer, type TestServer } from './server.ts';

const DONE = '"msg":"self-test done"';

interface Status {
  readonly selfTest: { readonly verdict: string; readonly findings: readonly string[] };
  readonly problems: readonly string[];
}

async function tested(server: TestServer): Promise<Status> {
  await eventually('the self-test', 25, () => server.log().includes(DONE));
  return JSON.parse(server.postern(['status', '--json']).stdout) as Status;
}

async function page(server: TestServer, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${server.http}${path}`)).text();
}

test('BCP134-3.2-e: a good server passes its self-test: told in log, status and health, in nobody’s counts, trail or share', async () => {
  // Few connections of a network, and others of this host have them all: the self-test has a share of its own.
  await using server = await startServer({
    ...{ mx: true, autostart: false },
    extra: 'limits: { unauthenticatedPerNetwork: 4 }\nlog: { level: debug }',
  });
  await server.start();
  const others = Array.from({ length: 4 }, () => connect(server.submission, '127.0.0.1'));
  await Promise.all(others.map((other) => new Promise((resolve) => other.once('data', resolve))));
  const { selfTest, problems } = await tested(server);
  for (const other of others) other.destroy();
  assert.deepEqual(
    [selfTest.verdict, ...selfTest.findings.map((finding) => finding.slice(0, 15))],
    ['degraded', 'tls-certificate', 'tls-certificate'],
    'a certificate that nobody trusts is told, and all else is well',
  );
  assert.deepEqual(problems, [], 'a warning does not make a server ill');
  const { trail: end, ...health } = JSON.parse(await page(server, '/health')) as { trail: object };
  assert.match(JSON.stringify(end), /^\{"events":\d+,"lastLink":"[0-9a-f]{64}"\}$/);
  assert.deepEqual(health, {
    status: 'ok',
    selfTest: 'degraded',
    queue: { messages: 0, limit: 2_000_000 },
    problems: [],
    warnings: [],
  });
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"selfTest":true'));
  assert.ok(lines.length > 20, `${lines.length} lines are marked`);
  assert.ok(
    lines.every((line) => line.startsWith('{"level":"debug"')),
    'and told at level debug alone',
  );
  const metrics = await page(server, '/metrics');
  assert.match(metrics, /^postern_connections_total\{role="submission"\} 4$/m, 'only those of the others');
  assert.doesNotMatch(metrics, /^postern_(refusals|authentications)_total\{[^}]*\} [1-9]/m);
  const trail = server.postern(['audit', 'export']).stdout;
  assert.doesNotMatch(trail, /"type":"(authenticationFailed|refused)"/);
});

test('BCP134-3.2-e: listeners on all addresses and on IPv6 alone are reached, and a reload is looked at too', async () => {
  await using server = await startServer({ mx: true, autostart: false });
  const config = readFileSync(server.config, 'utf8');
  writeFileSync(
    server.config,
    config
      .replace('address: 127.0.0.1, role: mx', 'role: mx')
      .replace(
        'address: 127.0.0.1, role: submission, tls: implicit',
        'address: "::1", role: submission, tls: implicit',
      ),
  );
  await server.start();
  const { selfTest } = await tested(server);
  assert.equal(selfTest.verdict, 'degraded', selfTest.findings.join('\n'));
  assert.equal(selfTest.findings.length, 2);
  process.kill(server.pid, 'SIGHUP');
  await eventually('a second one', 25, () => server.log().split(DONE).length === 3);
});

/** Loaded before all else, into each thread. */
function hookOf({ changes }: Hole): string {
  return `import { registerHooks } from 'node:module';
const changes = ${JSON.stringify(changes)};
registerHooks({ load(url, context, next) {
  const loaded = next(url, context);
  const here = changes.filter(({ file }) => url.endsWith(file));
  if (here.length === 0) return loaded;
  let text = String(loaded.source);
  for (const { from, to } of here) {
    if (!text.includes(from)) throw new Error('the place for the hole is gone');
    text = text.replace(from, to);
  }
  return { ...loaded, source: text };
} });
`;
}

test('BCP134-3.2-e BCP134-4.1-d: a hole that only shows on the wire ends the server at once, with what it is, and not to be started again', async () => {
  for (const hole of holes) {
    const { why, found } = hole;
    await using server = await startServer({ mx: true, autostart: false });
    const hook = join(server.directory, 'hole.mjs');
    writeFileSync(hook, hookOf(hole));
    await server.start({ environment: { NODE_OPTIONS: `--import ${hook}` } });
    const code = await server.ended();
    assert.equal(code, 78, `${why}: ${server.log()}`);
    assert.match(server.log(), /"level":"fatal".*"msg":"self-test: strangers get in"/, why);
    assert.match(server.log(), /^postern: the self-test found the door open: /m, why);
    assert.match(server.log(), found, why);
  }
});
