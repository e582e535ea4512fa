// Undo on the pages about oneself: the button with the seconds that are left, what it does, what is said when it is too late, and the window.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, OF_ALICE, OF_CAROL, openOwnDesk } from '../../../../test/fakes/own-desk.ts';

const textOf = (page: string): string => page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
const pages = ['/me', `/me/message?id=${OF_ALICE}`];

test('what can be taken back has one button, with the seconds that are left', async () => {
  const { page, office } = await openOwnDesk({ undoSeconds: 10, to: ['bob@example.net', 'dan@far.example'] });
  for (const [ms, left] of [
    [0, '10 seconds'],
    [2500, '7 seconds'],
    [7000, '1 second'],
  ] as const) {
    office.clock.advance(ms);
    for (const path of pages) {
      const text = await page(path);
      assert.equal(text.match(/action="\/me\/undo"/g)?.length, 1, path);
      assert.match(textOf(text), new RegExp(`Undo ${left} left`));
      assert.match(textOf(text), /Waits so that you can take it back/);
    }
  }
  office.clock.advance(500);
  for (const path of pages) {
    const text = await page(path);
    assert.doesNotMatch(text, /action="\/me\/undo"/);
    assert.match(textOf(text), /Waits ?, tried 2026-11-24 09:00:13 UTC/);
  }
});

test('what had no window has no button', async () => {
  const { page } = await openOwnDesk();
  for (const path of pages) assert.doesNotMatch(await page(path), /action="\/me\/undo"|take it back/);
});

test('the button takes it back, and pressed again says the same', async () => {
  const { page, act, office } = await openOwnDesk({ undoSeconds: 10 });
  for (let time = 0; time < 2; time += 1) {
    const done = await act('/me/undo', { id: OF_ALICE });
    assert.equal(done.headers.get('location'), `/me/message?id=${OF_ALICE}`);
    const text = textOf(await page(`/me/message?id=${OF_ALICE}`));
    assert.match(text, /Taken back: it goes to nobody\./);
    assert.match(text, /Taken back by you before it left/);
    assert.match(text, /You took it back before it left for bob@example\.net/);
  }
  assert.equal((await office.ports.lookups.queue({ messageId: OF_ALICE }, { max: 9 })).length, 0);
});

test('too late is said in a sentence, and somebody else’s message is as if there were none', async () => {
  const { act, office } = await openOwnDesk({ undoSeconds: 10 });
  office.clock.advance(13_000);
  const late = await act('/me/undo', { id: OF_ALICE });
  assert.equal(late.status, 409);
  assert.match(textOf(await late.text()), /it is too late: it has begun to leave/);
  const answers = await Promise.all(
    [OF_CAROL, '01ARZ3NDEKTSV4RRFFQ69G5FAZ'].map(async (id) => {
      const answer = await act('/me/undo', { id });
      return [answer.status, (await answer.text()).replaceAll(id, 'X')];
    }),
  );
  assert.deepEqual(answers[0], answers[1]);
});

test('the window is set by oneself, shown as it is, and nothing else is taken', async () => {
  const { page, act, office } = await openOwnDesk();
  assert.match(await page('/me'), /<option value="0" selected>/);
  const set = await act('/me/undo-window', { seconds: '20' });
  assert.equal(set.headers.get('location'), '/me');
  assert.match(textOf(await page('/me')), /What you send waits 20 seconds from now on\./);
  assert.match(await page('/me'), /<option value="20" selected>/);
  await office.setUndoWindow({ login: ALICE, undoSeconds: 7 });
  assert.match(await page('/me'), /<option value="7" selected>/, 'one that the form does not offer');
  for (const seconds of ['', 'x', '-1', '1.5', '1e1', '100'])
    assert.equal((await act('/me/undo-window', { seconds })).status, 400, seconds);
  assert.equal((await act('/me/undo-window', { seconds: '61' })).status, 409);
  assert.equal((await office.showAccount({ login: ALICE })).account.undoSeconds, 7);
  await act('/me/undo-window', { seconds: '0' });
  assert.match(textOf(await page('/me')), /Undo is off: what you send leaves at once\./);
});
