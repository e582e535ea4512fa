import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../port.ts';
import { storeContract } from '../store.contract.ts';
import { acceptOf, Bench, countedEntropy, type Open, virtualClock } from '../store.contract-fixtures.ts';
import { openMemoryStore } from './store.ts';

const open: Open = async (options) => {
  const { store, lookups, crash, close } = openMemoryStore(options);
  const opened = {
    store,
    lookups,
    close,
    async restart() {
      crash();
      return opened;
    },
  };
  return opened;
};

storeContract('memory', open);

test('memory: a crash leaves what was not committed unknown, and its listeners behind', async () => {
  const clock = virtualClock();
  const memory = openMemoryStore({ clock, entropy: countedEntropy() });
  const heard: unknown[] = [];
  memory.store.subscribe((notice) => heard.push(notice));
  await using bench = await Bench.open(open);
  const change = acceptOf(bench.nextId(), clock.now(), {});
  const asked = memory.store.commit([change]);
  memory.crash();
  await assert.rejects(asked, StoreUnavailable);
  assert.equal(await memory.lookups.message(change.message.id), undefined);
  assert.deepEqual(await memory.store.commit([change]), [{ type: 'accepted' }]);
  assert.deepEqual(heard, []);
});

test('memory: a body that an accept names but that was never finished does not survive a crash', async () => {
  await using bench = await Bench.open(open);
  const id = bench.nextId();
  await (await bench.store.stage(id)).append(Buffer.from('half a'));
  await bench.one(acceptOf(id, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  await bench.restart();
  await assert.rejects(bench.text(id), /the body of \w+ is gone/);
});

test('memory: a closed store answers nothing', async () => {
  const memory = openMemoryStore({ clock: virtualClock(), entropy: countedEntropy() });
  const asked = memory.store.commit([{ type: 'free', ownerPrefix: '', dueAt: 0 }]);
  memory.close();
  await assert.rejects(asked, StoreUnavailable);
  await assert.rejects(memory.store.commit([{ type: 'free', ownerPrefix: '', dueAt: 0 }]), StoreUnavailable);
});
