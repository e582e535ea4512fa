// Root restores into the directory of another user, who puts a link there after the look: nothing is written behind it.

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { acceptOf } from '../store.contract-fixtures.ts';
import { restoreStore } from './backup.ts';
import { type Body, bodyPath, makeBodiesDirectory, putBodies, removeBody } from './bodies.ts';
import { STORE_FILE } from './schema.ts';
import { backupStore, openInside, removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

interface Places {
  readonly home: string;
  readonly outside: string;
  readonly file: string;
}

const vectors = [
  {
    what: 'bodies, before the first body',
    link: ({ home, outside }: Places) => symlinkSync(outside, join(home, 'bodies')),
  },
  {
    what: 'bodies, leading nowhere',
    link: ({ home, outside }: Places) => symlinkSync(join(outside, 'made'), join(home, 'bodies')),
  },
  {
    what: 'the copy, once it was found good',
    link: ({ home, outside }: Places) => {
      const part = join(home, `${STORE_FILE}.part`);
      renameSync(part, join(outside, 'other'));
      symlinkSync(join(outside, 'other'), part);
    },
  },
];

for (const { what, link } of vectors)
  test(`sqlite: a restore follows no link that came after the look: ${what}`, async (t) => {
    const places = await backedUp(t);
    const { home, outside, file } = places;
    const look = () => readdirSync(outside).map((name) => [name, readFileSync(join(outside, name))]);
    let before: ReturnType<typeof look> = [];
    await assert.rejects(
      restoreStore(file, home, async () => {
        link(places);
        before = look();
      }),
      /is a link, and none is followed there/,
    );
    assert.deepEqual(look(), before);
    assert.ok(!existsSync(join(home, STORE_FILE)));
  });

test('sqlite: a body that is done with is not removed behind a link', (t) => {
  const [data, outside] = [temporaryDirectory(), temporaryDirectory()];
  t.after(() => [data, outside].forEach(removeDirectory));
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  writeFileSync(join(outside, id), '');
  symlinkSync(outside, join(data, 'bodies'));
  removeBody(data, id);
  assert.ok(existsSync(join(outside, id)));
  assert.throws(() => makeBodiesDirectory(data), /is a link, and none is followed there/);
  rmSync(join(data, 'bodies'));
  makeBodiesDirectory(data);
  writeFileSync(bodyPath(data, id), '');
  removeBody(data, id);
  assert.ok(!existsSync(bodyPath(data, id)));
});

test('sqlite: bodies that are restored stay in the directory that was there at first', (t) => {
  const [data, outside] = [temporaryDirectory(), temporaryDirectory()];
  t.after(() => [data, outside].forEach(removeDirectory));
  const ids = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'];
  function* meanwhile(): Generator<Body> {
    renameSync(join(data, 'bodies'), join(data, 'moved'));
    symlinkSync(outside, join(data, 'bodies'));
    for (const id of ids) yield { id, content: Buffer.from('large') };
  }
  assert.equal(putBodies(data, meanwhile()), 2);
  assert.deepEqual([readdirSync(outside), readdirSync(join(data, 'moved')).sort()], [[], ids]);
});

async function backedUp(t: TestContext): Promise<Places> {
  const { bench, dataDirectory, inside } = await openInside(t);
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  await stage.append(Buffer.from('large\r\n'));
  await stage.finish();
  await bench.one(acceptOf(id, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  const [target, outside] = [temporaryDirectory(), temporaryDirectory()];
  t.after(() => [target, outside].forEach(removeDirectory));
  const [home, file] = [join(target, 'home'), join(target, 'backup.db')];
  mkdirSync(home);
  await backupStore(inside().writer, dataDirectory, file);
  return { home, outside, file };
}
