// Contract of an engine that several nodes share: what processes tell each other of wrong secrets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GUESSES_KEPT_MS, GUESSES_MAX, type OtherGuessCount, type OwnGuessCount } from './guesses.ts';
import { countedEntropy, MINUTE, START, virtualClock } from './store.contract-fixtures.ts';
import type { OpenShared } from './store.contract-lives.ts';

export function guessesContract(name: string, open: OpenShared): void {
  async function opened(t: { after(done: () => Promise<void>): void }) {
    const clock = virtualClock(START);
    const shared = await open({ clock, entropy: countedEntropy() });
    t.after(() => shared.close());
    // Before the clock is moved: it would not wait for who connects.
    const nodes = await Promise.all([0, 1, 2].map(() => shared.writer({ onNotice: () => undefined })));
    const tell = async (
      node: number,
      counts: readonly OwnGuessCount[],
    ): Promise<readonly OtherGuessCount[]> => {
      const [outcome] =
        (await nodes[node]?.apply([{ type: 'guesses', writer: `w${node}`, counts }], 0)) ?? [];
      assert.ok(outcome?.type === 'guesses', JSON.stringify(outcome));
      return outcome.others.toSorted((one, other) => one.count - other.count);
    };
    return { clock, tell };
  }

  test(`D-OUT-4: ${name}: a process hears what each of the others counted of what it names, and how long ago`, async (t) => {
    const { clock, tell } = await opened(t);
    assert.deepEqual(
      await tell(0, [
        { name: 'a', count: 3.5 },
        { name: 'b', count: 2 },
      ]),
      [],
    );
    clock.advance(MINUTE);
    const [ofFirst, ofSecond] = [
      { name: 'a', count: 3.5, ageMs: MINUTE },
      { name: 'a', count: 5, ageMs: 0 },
    ];
    assert.deepEqual(await tell(1, [{ name: 'a', count: 5 }, { name: 'c' }]), [ofFirst]);
    assert.deepEqual(await tell(2, [{ name: 'a' }]), [ofFirst, ofSecond]);
    assert.deepEqual(await tell(0, [{ name: 'a' }, { name: 'b' }]), [ofSecond], 'its own are not told back');
  });

  test(`D-OUT-4: ${name}: what is told anew takes the place of what was told, and nothing left is nothing`, async (t) => {
    const { clock, tell } = await opened(t);
    await tell(0, [{ name: 'a', count: 3 }]);
    clock.advance(MINUTE);
    await tell(0, [{ name: 'a', count: 4 }]);
    assert.deepEqual(await tell(1, [{ name: 'a' }]), [{ name: 'a', count: 4, ageMs: 0 }]);
    await tell(0, [{ name: 'a', count: 0 }]);
    assert.deepEqual(await tell(1, [{ name: 'a', count: 0 }]), []);
  });

  test(`D-OUT-4: ${name}: what was told hours ago is nothing any more`, async (t) => {
    const { clock, tell } = await opened(t);
    await tell(0, [{ name: 'a', count: 9 }]);
    clock.advance(GUESSES_KEPT_MS - 1);
    assert.equal((await tell(1, [{ name: 'a' }])).length, 1);
    clock.advance(1);
    assert.deepEqual(await tell(1, [{ name: 'a' }]), []);
  });

  test(`D-OUT-4: ${name}: two tell of the same at once, as much as goes into one change`, async (t) => {
    const { tell } = await opened(t);
    const names = Array.from({ length: GUESSES_MAX }, (_, at) => ({ name: `n${at}`, count: 2 }));
    await Promise.all([tell(0, names), tell(1, names.toReversed())]);
    const others = await tell(
      2,
      names.map(({ name: one }) => ({ name: one })),
    );
    assert.equal(others.length, 2 * GUESSES_MAX);
  });
}
