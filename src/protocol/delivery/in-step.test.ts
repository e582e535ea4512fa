// A message whose commands follow the content of another at once: which result the first gets when replies are left out or late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, Script, smtp, transaction } from '../../../test/fakes/delivery-script.ts';
import type { DeliverySettings } from './ports.ts';

/** The first is out, the second's commands as well. */
function following(settings: DeliverySettings = smtp, first: readonly string[] = ['a@x.example']): Script {
  const script = new Script(settings)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(first))
    .server('250 2.1.0 ok', ...first.map(() => '250 2.1.5 ok'), '354 go')
    .input({ type: 'contentSent' })
    .deliver(transaction(['b@x.example']));
  assert.match(script.sent, /^MAIL .*\r\nRCPT .*\r\nDATA\r\n$/);
  return script;
}

test('EXT-PIPE-b E-Q-5/4: the commands of the next message follow a content at once, results come in order', () => {
  const script = following().server('250 2.0.0 kept', '250 2.1.0 ok', '250 2.1.5 ok', '354 go');
  assert.deepEqual(script.fates, ['accepted 250']);
  script.input({ type: 'contentSent' }).server('451 4.3.0 later');
  assert.deepEqual(script.fates, ['accepted 250', 'refused 451']);
});

test('E-S-2: a final reply that was left out is not made up for by the replies to the next commands', () => {
  const script = following().server('250 2.1.0 ok', '250 2.1.5 ok', '354 go');
  assert.deepEqual(script.fates, ['lost undecided 4.4.2', 'undecided 4.4.2']);
  assert.equal(script.session.closed, true);
});

test('E-S-2: more was said, but no 354: the message before is in doubt when the connection breaks', () => {
  const script = following().server('250 ok', '250 ok').input({ type: 'closed' });
  assert.deepEqual(script.fates, ['lost undecided 4.4.2', 'undecided 4.4.2']);
});

test('E-S-2: garbage after a reply counts as said: the message before is in doubt', () => {
  const script = following().server('250 ok', '2500 x');
  assert.deepEqual(script.fates, ['lost undecided 4.4.2', 'undecided 4.4.2']);
  const inStep = following().server('250 ok', '250 ok', '250 ok', '354 go', '2500 x');
  assert.equal(inStep.fates[0], 'accepted 250');
});

test('E-S-2: 421 where the 354 belongs is none: it may be said at any time', () => {
  const script = following().server('250 ok', '550 no', '554 no', '421 4.4.2 idle');
  assert.deepEqual(script.fates, ['lost undecided 4.4.2', 'undecided 4.4.2']);
  assert.equal(script.session.closed, true);
});

test('E-S-2 E-Q-5/5: what may be the refusal of another recipient fails nobody', () => {
  const begun = (): Script =>
    new Script(smtp)
      .server('220 x')
      .hello(ALL)
      .deliver(transaction(['a@x.example']))
      .server('250 2.1.0 ok', '250 2.1.5 ok', '354 go')
      .input({ type: 'contentSent' })
      .deliver(transaction(['b@x.example', 'c@x.example', 'd@x.example']));
  const all = 'undecided 4.4.2, undecided 4.4.2, undecided 4.4.2';
  // The final reply is left out; it refuses c, and the reply is counted to b.
  for (const script of [
    begun().server('250 ok', '250 ok', '550 no', '250 ok', '354 go'),
    begun().server('250 ok', '250 ok', '550 no').input({ type: 'closed' }),
    begun().server('250 ok', '250 ok', '550 no', 'what?'),
  ])
    assert.equal(script.fates[1], all);
  const inStep = begun().server('250 ok', '250 ok', '250 ok', '550 no', '250 ok', '354 go');
  assert.equal(inStep.input({ type: 'closed' }).fates[1], 'undecided 4.4.2, refused 550, undecided 4.4.2');
});

for (const half of ['2', '250 2.1', '250-a\r\n', 'hello']) {
  test(`E-S-2: half a reply counts as said, where the connection breaks or falls silent after it: ${JSON.stringify(half)}`, () => {
    const doubtful = ['lost undecided 4.4.2', 'undecided 4.4.2'];
    const broken = following().server('250 ok').octets(half).input({ type: 'closed' });
    assert.deepEqual(broken.fates, doubtful);
    const silent = following().server('250 ok').octets(half);
    silent.now = 5 * 60_000;
    assert.deepEqual(silent.input({ type: 'timeout' }).fates, doubtful);
  });
}

test('E-S-2: garbage after a farewell leaves what was accepted accepted', () => {
  const script = following().server('250 2.0.0 kept', '421 4.7.0 so many a connection', '2500 x');
  assert.deepEqual(script.fates, ['accepted 250', 'refused 421']);
  const broken = following().server('250 2.0.0 kept', '421 4.7.0 so many').octets('25');
  assert.deepEqual(broken.input({ type: 'closed' }).fates, ['accepted 250', 'refused 421']);
});

test("E-S-2: a last reply with the status of MAIL's is in doubt, one of a server that closes after it is believed", () => {
  assert.deepEqual(following().server('250 2.1.0 ok').input({ type: 'closed' }).fates, [
    'lost undecided 4.4.2',
    'undecided 4.4.2',
  ]);
  assert.deepEqual(following().server('250 2.0.0 kept').input({ type: 'closed' }).fates, [
    'accepted 250',
    'undecided 4.4.2',
  ]);
});

test('E-S-2: 421 to the next MAIL leaves what was accepted accepted', () => {
  const script = following().server('250 2.0.0 kept', '421 4.7.0 so many a connection', '503', '503');
  assert.equal(script.fates[0], 'accepted 250');
  assert.equal(script.server('250 2.0.0 ok').fates[1], 'refused 421');
});

test('E-S-2 E-Q-3: 421 to the next MAIL and nothing more leaves what was accepted accepted', () => {
  const script = following().server('250 2.0.0 kept', '421 4.7.0 so many a connection');
  assert.deepEqual(script.input({ type: 'closed' }).fates, ['accepted 250', 'refused 421']);
  const doubtful = following().server('250 2.1.0 ok', '421 4.7.0 so many a connection');
  assert.equal(doubtful.input({ type: 'closed' }).fates[0], 'lost undecided 4.4.2');
});

test('E-S-2: what was refused in the first stays refused, whatever comes after', () => {
  const script = new Script(smtp)
    .server('220 x')
    .hello(ALL)
    .deliver(transaction(['no@x.example', 'a@x.example']))
    .server('250 ok', '550 5.1.1 no', '250 ok', '354 go')
    .input({ type: 'contentSent' })
    .deliver(transaction(['b@x.example']))
    .server('250 2.1.0 ok', '250 2.1.5 ok', '354 go');
  assert.equal(script.fates[0], 'lost refused 550, undecided 4.4.2');
});

test('E-M-1: with LMTP all final replies come before the next one is in step', () => {
  const script = following({ ...smtp, protocol: 'lmtp' }, ['a@x.example', 'c@x.example']);
  script.server('250 2.0.0 kept', '452 4.2.2 full', '250 2.1.0 ok', '250 2.1.5 ok');
  assert.deepEqual(script.fates, [], 'not before the 354');
  assert.deepEqual(script.server('354 go').fates, ['accepted 250, refused 452']);
});

test('E-Q-3: a server that falls silent after a final reply is given five minutes, and the reply counts', () => {
  const script = following().server('250 2.0.0 kept');
  assert.deepEqual(script.fates, []);
  script.now = 5 * 60_000;
  assert.deepEqual(script.input({ type: 'timeout' }).fates, ['accepted 250', 'undecided 4.4.2']);
});
