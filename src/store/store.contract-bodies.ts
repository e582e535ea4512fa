// Contract, part seven: bodies too large to go with their accept. They are staged before it, stay as long as the message, and are swept if no
// message names them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acceptOf,
  Bench,
  final,
  identityChange,
  identityOf,
  type Open,
  settleOf,
  started,
} from './store.contract-fixtures.ts';

const HEADER = 'Subject: large\r\n\r\n';

/** A body of that id is there: staging another one under it is refused. */
export async function hasBody({ store }: Bench, id: string): Promise<boolean> {
  try {
    await (await store.stage(id)).discard();
    return false;
  } catch {
    return true;
  }
}

async function staged(bench: Bench, pieces: readonly string[], to: readonly string[] = ['bob@example.net']) {
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  for (const piece of pieces) await stage.append(Buffer.from(piece));
  await stage.finish();
  return { id, stage, said: { text: HEADER, staged: true, to } };
}

async function acceptedLarge(bench: Bench, to: readonly string[]): Promise<string> {
  const { id, said } = await staged(bench, ['one ', 'two\r\n'], to);
  assert.deepEqual(await bench.one(acceptOf(id, bench.clock.now(), said)), { type: 'accepted' });
  return id;
}

export function bodyContract(name: string, open: Open): void {
  bodyOfMessageContract(name, open);
  stageContract(name, open);
}

function bodyOfMessageContract(name: string, open: Open): void {
  test(`D-GDPR-2: ${name}: a staged body follows its header, and goes with the last recipient`, async () => {
    await using bench = await Bench.open(open);
    const id = await acceptedLarge(bench, ['a@x.example', 'b@x.example']);
    assert.equal(await bench.text(id), `${HEADER}one two\r\n`);
    assert.equal(await bench.text(id.toLowerCase()), `${HEADER}one two\r\n`);
    await bench.restart();
    assert.equal(await bench.text(id), `${HEADER}one two\r\n`);
    for (const delivery of await bench.claim('a')) {
      assert.equal(await hasBody(bench, id), true);
      await bench.one(settleOf('a', [delivery], final, bench.clock.now()));
    }
    assert.equal(await bench.lookups.content(id), undefined);
    assert.equal(await hasBody(bench, id), false);
  });

  test(`${name}: a dropped message takes its staged body along`, async () => {
    await using bench = await Bench.open(open);
    const id = await acceptedLarge(bench, ['a@x.example']);
    await bench.one({ type: 'queue', action: 'drop', selector: {}, now: bench.clock.now(), by: 'root' });
    assert.equal(await hasBody(bench, id), false);
  });

  test(`${name}: a settle that is undone keeps the body`, async () => {
    await using bench = await Bench.open(open);
    const id = await acceptedLarge(bench, ['a@x.example']);
    const settle = settleOf('a', await bench.claim('a'), final, bench.clock.now());
    const timeless = settle.recipients.map((one) => ({ ...one, event: started(Number.NaN) }));
    const outcome = await bench.one({ ...settle, recipients: timeless });
    assert.equal(outcome.type, 'failed');
    assert.equal(await bench.text(id), `${HEADER}one two\r\n`);
  });

  test(`${name}: a change that fails keeps neither notices nor bodies of its neighbours back`, async () => {
    await using bench = await Bench.open(open);
    const id = await acceptedLarge(bench, ['a@x.example']);
    const settle = settleOf('a', await bench.claim('a'), final, bench.clock.now());
    const failing = { type: 'record', events: [started(Number.NaN)] } as const;
    const written = identityChange(identityOf('bot'), 0, bench.clock.now());
    bench.notices.length = 0;
    const outcomes = await bench.store.commit([settle, failing, written, failing]);
    assert.deepEqual(
      outcomes.map(({ type }) => type),
      ['settled', 'failed', 'written', 'failed'],
    );
    assert.equal(await hasBody(bench, id), false);
    assert.deepEqual(
      bench.notices.map(({ type }) => type),
      ['identityChanged'],
    );
  });

  test(`${name}: what is not queued has no content`, async () => {
    await using bench = await Bench.open(open);
    assert.equal(await bench.lookups.content(bench.nextId()), undefined);
    assert.equal(await bench.lookups.content('no id'), undefined);
    assert.equal(await bench.lookups.message('no id'), undefined);
  });
}

function stageContract(name: string, open: Open): void {
  test(`${name}: what is appended is what was in the buffer then; a discarded stage is gone`, async () => {
    await using bench = await Bench.open(open);
    const id = bench.nextId();
    const stage = await bench.store.stage(id);
    const buffer = Buffer.from('first');
    await stage.append(buffer);
    buffer.write('again');
    await stage.append(buffer);
    await stage.finish();
    await bench.one(acceptOf(id, bench.clock.now(), { text: HEADER, staged: true }));
    assert.equal(await bench.text(id), `${HEADER}firstagain`);

    const other = await bench.store.stage(bench.nextId());
    await other.append(buffer);
    await other.discard();
    await other.discard();
    await other.append(buffer);
    const finished = await staged(bench, ['x']);
    assert.equal(await hasBody(bench, finished.id), true);
    await finished.stage.discard();
    assert.equal(await hasBody(bench, finished.id), false);
  });

  test(`${name}: a restart sweeps the bodies that no message names, finished or not, or somebody does later`, async () => {
    await using bench = await Bench.open(open);
    const kept = await acceptedLarge(bench, ['a@x.example']);
    const finished = await staged(bench, ['nobody will ask for it']);
    const unfinished = bench.nextId();
    const stage = await bench.store.stage(unfinished);
    await stage.append(Buffer.from('half a'));
    await bench.swept();
    assert.equal(await hasBody(bench, finished.id), false);
    assert.equal(await hasBody(bench, unfinished), false);
    assert.equal(await bench.text(kept), `${HEADER}one two\r\n`);
    await stage.discard();
  });
}
