// Jumps of the wall clock while a server works, by libfaketime: sessions, retries, ids, limits and the trail go through them. The monotonic clock stays as it is,
// as it does when a time service or an operator sets the time.

import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCrashHop } from './crash-hop.ts';
import { settled } from './promises.ts';
import { eventually, PASSWORD, startServer } from './server.ts';
import { startLoad } from './smtp-load.ts';

const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
const skip =
  library === undefined
    ? 'not installed: libfaketime (scripts/install-system-packages.sh installs it)'
    : false;

/** Against the true time, each for a while: a day ahead and back, a day behind and back, ten years ahead and back. */
const offsets = ['+1d', '+0', '-1d', '+0', '+10y', '+0'] as const;

test(
  'E-Q-1 E-Q-7 D-TR-2: the clock jumps by a day and by ten years under load: no session ends, nothing is lost, ids only grow, retries go on',
  { skip },
  async (t) => {
    // Every second attempt is put off, so that something waits whenever the clock jumps.
    const hop = await startCrashHop((count) => (count % 2 === 0 ? 'refuses' : 'takes'));
    t.after(() => hop.close());
    await using server = await startServer({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}", connections: 10, retry: [1s] }`,
      // They are counted by the wall clock, and must shut nobody out.
      extra:
        'threads: { fronts: 1 }\nlimits: { identity: { messagesPerHour: 20000, recipientsPerHour: 20000 } }',
    });
    await server.stop();
    const file = join(server.directory, 'clock');
    const set = (offset: string): void => writeFileSync(file, `${offset}\n`);
    set('+0');
    await server.start({
      environment: {
        ...{ LD_PRELOAD: library ?? '', FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
        ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
      },
    });
    const load = startLoad({
      ...{
        port: server.submission,
        login: 'alice@example.org',
        password: PASSWORD,
        connections: 4,
        pauseMs: 40,
      },
      bodyOctets: (client) => (client % 2 === 0 ? 1500 : 400_000),
    });
    t.after(() => load.abort());
    const more = (): Promise<unknown> => {
      const before = load.promised.length;
      return eventually('load', 60, () => load.promised.length >= before + 25);
    };
    const jumps = (): readonly number[] =>
      [...server.log().matchAll(/"seconds":(-?\d+),"msg":"the clock jumped/g)].map((found) =>
        Number(found[1]),
      );
    await more();
    for (const [number, offset] of offsets.entries()) {
      set(offset);
      await more();
      if (offset === '+1d') {
        const page = await (await fetch(`http://127.0.0.1:${server.http}/metrics`)).text();
        const seconds = Number(/^postern_clock_offset_seconds (.*)$/m.exec(page)?.[1]);
        assert.ok(Math.abs(seconds - 86_400) < 60, `the metric says ${seconds}`);
      }
      await eventually('the jump in the log', 20, () => jumps().length > number);
      await more();
    }
    await load.stop();
    hop.behave(() => 'takes');
    assert.equal(load.cut, 0, 'sessions ended');
    assert.deepEqual(load.refused, []);
    const days = jumps().map((seconds) => Math.round(seconds / 86_400));
    assert.deepEqual(days, [1, -1, -1, 1, 3650, -3650]);

    const { copies, unasked } = await settled({ server, load, taken: () => [...hop.taken, ...hop.reported] });
    t.diagnostic(
      `${load.promised.length} promised, ${hop.taken.length} taken, ${hop.reported.length} came back as expired`,
    );
    assert.deepEqual([copies, unasked], [0, 0]);
    const latest = new Map<string, string>();
    for (const { subject, reply } of load.replies) {
      const id = /[0-9A-HJKMNP-TV-Z]{26}/.exec(reply)?.[0] ?? '';
      const [client = ''] = subject.split('n', 1);
      assert.ok(id > (latest.get(client) ?? ''), `${id} came after ${latest.get(client)}`);
      latest.set(client, id);
    }
  },
);
