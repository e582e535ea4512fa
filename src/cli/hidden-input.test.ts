// The prompt for a secret on a terminal that is none: what is shown, what is taken, and that the terminal is left as it was.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CommandFailure } from './failure.ts';
import { askTwice } from './hidden-input.ts';

function terminal() {
  let shown = '';
  let isRaw = false;
  let wasRaw = false;
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(mode: boolean) {
      isRaw = mode;
      wasRaw ||= mode;
      return input;
    },
  });
  return {
    input,
    write: (text: string) => void (shown += text),
    asked: () => askTwice('New password', { input, write: (text) => void (shown += text) }),
    state: () => ({ shown, isRaw, wasRaw }),
  };
}

test('a password is asked for twice, ends at Enter, and is not shown', async () => {
  const { input, asked, state } = terminal();
  const answer = asked();
  input.write('cörrect\u007f\u007fct horse\rcörrect horse\r');
  assert.equal(await answer, 'cörrect horse');
  assert.deepEqual(state(), { shown: 'New password: \nNew password, again: \n', isRaw: false, wasRaw: true });
});

const ends: readonly (readonly [why: string, typed: string, says: RegExp])[] = [
  ['two that differ', 'one\rtwo\r', /not the same: nothing was done/],
  ['Ctrl-C', 'one\u0003', /^nothing was done$/],
  ['Ctrl-C at the second', 'one\ron\u0003', /^nothing was done$/],
  ['Ctrl-D', '\u0004', /^nothing was done$/],
];
for (const [why, typed, says] of ends)
  test(`a prompt that ends by ${why} leaves the terminal as it was`, async () => {
    const { input, asked, state } = terminal();
    const answer = asked();
    input.write(typed);
    await assert.rejects(answer, (error) => error instanceof CommandFailure && says.test(error.message));
    assert.equal(state().isRaw, false);
    assert.doesNotMatch(state().shown, /one|two/);
  });
