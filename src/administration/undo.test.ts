// Undo: one's own mail alone, once, whole, and only while it is early enough; and the window for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import type { Store } from '../store/port.ts';
import { acceptOf, deferred, settleOf } from '../store/store.contract-fixtures.ts';
import type { Actor } from './actor.ts';
import { type Administration, administrationOf } from './use-cases.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const OTHER = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
const NOWHERE = '01ARZ3NDEKTSV4RRFFQ69G5FAZ';
const login = 'alice@example.org';
const WINDOW = 10_000;

async function begin({ hasWindow = true } = {}) {
  const office = openOffice();
  const { ports, clock } = office;
  const named = { mailbox: true, allowReserved: false };
  const { id: identityId } = await office.addAccount({ ...named, login });
  const carol = await office.addAccount({ ...named, login: 'carol@example.org' });
  const now = clock.now();
  const sent = { to: ['bob@example.net', 'dan@far.example'], undoUntil: now + WINDOW };
  const own = hasWindow ? sent : { to: sent.to };
  await ports.store.commit([
    acceptOf(ID, now, { ...own, from: login, identityId }),
    acceptOf(OTHER, now, { ...sent, from: 'carol@example.org', identityId: carol.id }),
  ]);
  const actor: Actor = { who: login, through: 'console', role: 'user', identityId };
  return {
    ...{ office, ports, clock, actor, identityId },
    me: administrationOf(ports, actor),
    queued: async () => (await ports.lookups.queue({ messageId: ID }, { max: 9 })).length,
  };
}
type World = Awaited<ReturnType<typeof begin>>;

test('who takes a message back has it out of the queue, and is told so each time he asks', async () => {
  const { me, queued, office } = await begin();
  const undone = { id: ID, recipients: 2 };
  assert.deepEqual(await me.undoMessage({ id: ID.toLowerCase() }), undone);
  assert.equal(await queued(), 0);
  const events = (await office.trail()).length;
  assert.deepEqual(await me.undoMessage({ id: ID }), undone);
  assert.equal((await office.trail()).length, events, 'done once');
  const { message, steps } = await me.myMessage({ id: ID });
  assert.deepEqual(
    message.fates.map(({ fate, takenBack }) => [fate, takenBack]),
    Array.from({ length: 2 }, () => ['dropped', true]),
  );
  assert.deepEqual(
    steps.map(({ type }) => type),
    ['accepted', 'takenBack', 'takenBack'],
  );
});

test('the trail says that its sender took it back, and through what', async () => {
  const { me, office } = await begin();
  await me.undoMessage({ id: ID });
  for (const as of [office, me]) {
    const traced = await as.traceWords({ words: ID, range: { max: 1 } });
    const [bob] = traced?.answer.messages[0]?.recipients ?? [];
    assert.deepEqual([bob?.fate, bob?.takenBack, bob?.attempts], ['dropped', true, 0]);
    assert.equal(bob?.diagnostic, `taken back by its sender before it left: ${login} (console)`);
  }
});

test('asked twice at the same moment it is done once, and both hear so', async () => {
  const { me, office } = await begin();
  const before = (await office.trail()).length;
  const both = await Promise.all([me.undoMessage({ id: ID }), me.undoMessage({ id: ID })]);
  assert.deepEqual(both, [
    { id: ID, recipients: 2 },
    { id: ID, recipients: 2 },
  ]);
  assert.equal((await office.trail()).length, before + 2);
});

test('a message of somebody else is as if it were none, for an admin too', async () => {
  const { me, actor, ports } = await begin();
  const admin = administrationOf(ports, { ...actor, role: 'admin' });
  for (const as of [me, admin])
    for (const id of [OTHER, NOWHERE])
      await assert.rejects(
        as.undoMessage({ id }),
        failsWith('negative', new RegExp(`you sent no message ${id}`)),
      );
  assert.equal((await ports.lookups.queue({ messageId: OTHER }, { max: 9 })).length, 2);
});

const attempt = async ({ ports, clock }: World): Promise<void> => {
  clock.advance(WINDOW + 3000);
  const [claimed] = await ports.store.commit([
    { type: 'claim', owner: 'a', token: 't', shares: [{ max: 9 }] },
  ]);
  assert.ok(claimed.type === 'claimed');
  const own = claimed.deliveries.filter(({ messageId }) => messageId === ID);
  await ports.store.commit([settleOf('a', own, deferred(clock.now()), clock.now())]);
};

const late: readonly (readonly [why: string, before: (world: World) => Promise<unknown>, told: RegExp])[] = [
  ['an attempt has ended', attempt, /too late: it has begun to leave/],
  [
    'the window is over by the clock, though nobody has claimed it',
    async ({ clock }) => clock.advance(WINDOW + 3000),
    /too late/,
  ],
  [
    'an operator let it go on at once',
    ({ office }) => office.changeQueue({ part: { id: ID }, action: 'retry' }),
    /too late/,
  ],
  [
    'an operator holds it',
    ({ office }) => office.changeQueue({ part: { id: ID }, action: 'hold' }),
    /an operator holds it/,
  ],
  [
    'an operator holds a part of it',
    ({ office }) => office.changeQueue({ part: { id: ID, to: 'dan@far.example' }, action: 'hold' }),
    /an operator holds it/,
  ],
  ['the account is stopped', ({ office }) => office.suspendAccount({ login }), /your account is stopped/],
  [
    'an operator dropped all of it',
    ({ office }) => office.changeQueue({ part: { id: ID }, action: 'drop' }),
    /an operator has taken it out already/,
  ],
];
for (const [why, before, told] of late)
  test(`it is not taken back when ${why}, and that is said`, async () => {
    const world = await begin();
    await before(world);
    const left = await world.queued();
    await assert.rejects(world.me.undoMessage({ id: ID }), failsWith('negative', told));
    assert.equal(await world.queued(), left);
    const { message } = await world.me.myMessage({ id: ID });
    assert.equal(message.undoUntil, undefined, 'and no button is shown');
  });

test('in the seconds after the window it is still taken back, though no button is shown', async () => {
  const { me, clock, queued } = await begin();
  const undoUntil = clock.now() + WINDOW;
  for (const [ms, shown] of [
    [0, undoUntil],
    [WINDOW - 1, undoUntil],
    [1, undefined],
  ] as const) {
    clock.advance(ms);
    assert.equal((await me.myMail({ max: 1 })).messages[0]?.undoUntil, shown, `${ms}`);
  }
  await me.undoMessage({ id: ID });
  assert.equal(await queued(), 0);
});

test('what was sent without a window is not taken back, though there is one now; what had one is, though there is none now', async () => {
  const without = await begin({ hasWindow: false });
  await without.me.setMyUndoWindow({ undoSeconds: 60 });
  await assert.rejects(
    without.me.undoMessage({ id: ID }),
    failsWith('negative', /no undo window when you sent it/),
  );
  const { me, queued } = await begin();
  await me.setMyUndoWindow({ undoSeconds: 0 });
  await me.undoMessage({ id: ID });
  assert.equal(await queued(), 0);
});

test('of a message of which an operator dropped a part, the rest is taken back', async () => {
  const { me, office, queued } = await begin();
  await office.changeQueue({ part: { id: ID, to: 'bob@example.net' }, action: 'drop' });
  assert.deepEqual(await me.undoMessage({ id: ID }), { id: ID, recipients: 1 });
  assert.equal(await queued(), 0);
  const { message } = await me.myMessage({ id: ID });
  assert.equal(message.fates.filter(({ takenBack }) => takenBack === true).length, 1);
});

test('what the clock of this process says does not decide: the store does', async () => {
  const { actor, ports, clock, queued } = await begin();
  const at = (ms: number): Administration =>
    administrationOf({ ...ports, clock: { now: () => clock.now() + ms } }, actor);
  clock.advance(WINDOW + 3000);
  await assert.rejects(at(-3_600_000).undoMessage({ id: ID }), failsWith('negative', /too late/));
  assert.equal(await queued(), 2);
  const early = await begin();
  const ahead = { ...early.ports, clock: { now: () => early.clock.now() + 3_600_000 } };
  await administrationOf(ahead, early.actor).undoMessage({ id: ID });
  assert.equal(await early.queued(), 0);
});

test('a store that fails is told as trouble, and nothing is said to be taken back', async () => {
  const { actor, ports, queued } = await begin();
  const store: Pick<Store, 'commit'> = {
    commit: (async () => [{ type: 'failed', cause: 'disk' }]) as never,
  };
  const failing = administrationOf({ ...ports, store }, actor);
  await assert.rejects(failing.undoMessage({ id: ID }), failsWith('trouble', /disk/));
  assert.equal(await queued(), 2);
});

test('a window is set with its record, by an operator and by oneself', async () => {
  const { office, me } = await begin();
  assert.deepEqual(await office.setUndoWindow({ login: 'alice', undoSeconds: 10 }), {
    login,
    undoSeconds: 10,
  });
  const detail = { login, seconds: '10', reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'undo window', detail });
  assert.equal((await office.showAccount({ login })).account.undoSeconds, 10);
  assert.equal((await me.myMail({ max: 1 })).undoSeconds, 10);
  assert.deepEqual(await me.setMyUndoWindow({ undoSeconds: 0 }), { login, undoSeconds: 0 });
  assert.deepEqual(await office.newest(), {
    ...{ by: `${login} (console)`, action: 'undo window' },
    detail: { login, seconds: '0' },
  });
  assert.equal('undoSeconds' in (await office.showAccount({ login })).account, false);
});

test('a window that is none is refused, and a service has none', async () => {
  const { office, me } = await begin();
  for (const undoSeconds of [-1, 61, 1.5, NaN, 1e308, 'abc' as never, undefined as never])
    for (const refused of [office.setUndoWindow({ login, undoSeconds }), me.setMyUndoWindow({ undoSeconds })])
      await assert.rejects(refused, failsWith('negative', /from 0 to 60 whole seconds/));
  const service = await office.addAccount({ login: 'printer', mailbox: false, allowReserved: false });
  const printer = administrationOf(office.ports, {
    ...{ who: 'printer', through: 'API', role: 'user', identityId: service.id },
  });
  for (const refused of [
    office.setUndoWindow({ login: 'printer', undoSeconds: 5 }),
    printer.setMyUndoWindow({ undoSeconds: 5 }),
  ])
    await assert.rejects(refused, failsWith('negative', /a service without mailbox/));
  assert.equal((await printer.myMail({ max: 1 })).undoSeconds, undefined);
});
