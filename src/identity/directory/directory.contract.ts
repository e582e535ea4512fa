// The contract of a directory: the same tests for every place where people are kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '../../record/identity.ts';
import type { Asker } from '../hashing.ts';
import { standingOf } from '../standing.ts';
import type { Directory } from './directory.ts';

/** A directory that keeps alice@example.org, who may log in by the password `right`, and nobody else of those asked for here. */
export interface OpenedForContract {
  readonly directory: Directory;
  /** From now on it can't be asked. */
  silence(): void;
  close(): Promise<void> | void;
}

const ALICE = 'alice@example.org';
const asker: Asker = { networks: [{ network: '192.0.2.0/24', factor: 1 }], shared: false, own: [] };

export function directoryContract(name: string, open: () => Promise<OpenedForContract>): void {
  const opened = async (use: (opened: OpenedForContract) => Promise<void>): Promise<void> => {
    const one = await open();
    try {
      await use(one);
    } finally {
      await one.close();
    }
  };

  test(`${name}: somebody is one identity, by login and by address, each time`, () =>
    opened(async ({ directory }) => {
      const alice = await aliceIn(directory);
      assert.equal((await directory.byAddress(ALICE))?.id, alice.id);
      assert.deepEqual(await directory.byLogin(ALICE), alice);
      assert.deepEqual([alice.login, alice.state, alice.mailbox], [ALICE, 'active', true]);
    }));

  for (const other of ['bob@example.org', 'alice', 'alice@example.net', '*', ''])
    test(`${name}: nobody is found by ${JSON.stringify(other)}`, () =>
      opened(async ({ directory }) => {
        assert.equal(await directory.byLogin(other), undefined);
        assert.equal(await directory.byAddress(other), undefined);
      }));

  test(`${name}: what proved a right password stands`, () =>
    opened(async ({ directory }) => {
      const alice = await aliceIn(directory);
      const judged = await directory.password(alice, 'right', asker);
      assert.ok(judged.type === 'right');
      assert.equal(standingOf(alice, judged.proof, alice.createdAt).state, 'active');
      assert.notEqual(judged.proof.id, '');
      assert.equal(judged.proof.directory, alice.origin?.directory);
    }));

  for (const password of ['wrong', 'Right', 'right ', '', '\0'])
    test(`${name}: ${JSON.stringify(password)} is wrong`, () =>
      opened(async ({ directory }) => {
        const alice = await aliceIn(directory);
        assert.equal((await directory.password(alice, password, asker)).type, 'wrong');
      }));

  test(`${name}: whatever is asked for nobody is wrong`, () =>
    opened(async ({ directory }) => {
      assert.equal((await directory.password(undefined, 'right', asker)).type, 'wrong');
    }));

  test(`${name}: what can't be asked gives no answer`, () =>
    opened(async ({ directory, silence }) => {
      silence();
      await assert.rejects(directory.byLogin(ALICE));
      await assert.rejects(directory.byAddress(ALICE));
    }));
}

async function aliceIn(directory: Directory): Promise<Identity> {
  const alice = await directory.byLogin(ALICE);
  assert.ok(alice !== undefined);
  return alice;
}
