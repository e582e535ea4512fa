// A backup over the control socket: the client may be gone before the copy is made, and then nobody reads it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readlinkSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import { stageBackup } from '../store/sqlite/backup-stage.ts';
import { removeDirectory, temporaryDirectory } from '../store/sqlite/sqlite.contract-fixtures.ts';
import { connectControl } from './control-client.ts';
import { CONTROL_SOCKET } from './control-protocol.ts';
import { startControl } from './control.ts';

const LARGE = 8 * 1024 * 1024;

/** `asked` resolves when the server begins to copy, `copy` lets it end, `closed` when it has let the copy go. */
async function serverOf(t: TestContext, octets: number) {
  const data = temporaryDirectory();
  const [asked, copying, closed] = [1, 2, 3].map(() => Promise.withResolvers<void>()) as [
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
  ];
  const never = () => Promise.reject(new Error('not asked here'));
  const close = await startControl(data, {
    ...{ store: {} as Store, lookups: {} as Lookups, status: never, reload: never },
    notTaken: () => undefined,
    async backup() {
      asked.resolve();
      await copying.promise;
      const staged = await stageBackup(data, (path) =>
        Promise.resolve(writeFileSync(path, Buffer.alloc(octets))),
      );
      return {
        ...staged,
        async close() {
          await staged.close();
          closed.resolve();
        },
      };
    },
  });
  t.after(async () => {
    await close();
    removeDirectory(data);
  });
  return { data, asked: asked.promise, copy: copying.resolve, closed: closed.promise };
}

/** Open files of this process below a directory, those without a name included. */
function openBelow(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    })
    .filter((path) => path.startsWith(`${directory}/backup-`));
}

test('a backup whose command ends before the copy is made holds no file', async (t) => {
  const { data, asked, copy, closed } = await serverOf(t, 100);
  const command = request({ socketPath: join(data, CONTROL_SOCKET), method: 'POST', path: '/backup' });
  command.on('error', () => undefined).end();
  await asked;
  command.destroy();
  copy();
  await closed;
  assert.deepEqual(openBelow(data), []);
});

test('a backup whose command ends while it is read holds no file', async (t) => {
  const { data, copy, closed } = await serverOf(t, LARGE);
  copy();
  const content = await (await connectControl(data))?.backup();
  assert.ok(content);
  await once(content, 'readable');
  assert.equal(openBelow(data).length, 1);
  content.destroy();
  await closed;
  assert.deepEqual(openBelow(data), []);
});

test('a backup that is read to its end holds no file', async (t) => {
  const { data, copy, closed } = await serverOf(t, LARGE);
  copy();
  let octets = 0;
  for await (const part of (await (await connectControl(data))?.backup()) ?? [])
    octets += (part as Buffer).length;
  await closed;
  assert.deepEqual([octets, openBelow(data)], [LARGE, []]);
});
