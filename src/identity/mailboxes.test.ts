// Does a mailbox exist: by wildcard, by name, with a detail; and never for a name that leads the next mailer elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { configuredMailboxes, createMailboxes } from './mailboxes.ts';

const NOW = 1_700_000_000_000;

function mailboxesOf(...configured: string[]) {
  const asked: string[] = [];
  const mailboxes = createMailboxes({
    clock: virtualClock(NOW),
    lookups: {
      identityByAddress: (address) => {
        asked.push(address);
        return Promise.resolve(undefined);
      },
    },
    settings: {
      domains: () => new Set(['local.test']),
      configured: () => configuredMailboxes(configured),
    },
  });
  return { asked, find: async (forwardPath: string) => mailboxes.find(forwardPath) };
}

const routes: readonly string[] = [
  ...['victim%far.example', 'far.example!victim', '"victim@far.example"', '|id', '/etc/passwd', '-x'],
  ...['alice+victim%far.example', 'alice+far.example!victim', '"alice+victim@far.example"', '":include:/x"'],
];

test('F-REL-1/1 F-REL-5/1 F-REL-7/1: neither a wildcard nor a name, nor its details, match a name that leads onward', async () => {
  for (const configured of [
    ['@local.test'],
    ['alice@local.test'],
    routes.map((route) => `${route}@local.test`),
  ]) {
    const { find, asked } = mailboxesOf(...configured);
    for (const route of routes)
      assert.equal(await find(`${route}@local.test`), 'unknown', `${configured[0]}: ${route}`);
    assert.deepEqual(asked, [], 'no store is asked for it');
  }
});

test('BCP134-3-b: names, details and wildcards match what leads nowhere', async () => {
  assert.equal(await mailboxesOf('@local.test').find('anybody@LOCAL.test'), 'exists');
  assert.equal(await mailboxesOf('alice@local.test').find('Alice+shop@local.test'), 'exists');
  assert.equal(await mailboxesOf('alice@local.test').find('bob@local.test'), 'unknown');
  assert.equal(await mailboxesOf('"john doe"@local.test').find('"john doe"@local.test'), 'exists');
  assert.equal(await mailboxesOf('@local.test').find('victim%local.test@far.example'), 'elsewhere');
});

test('F-TX-2: what is known of mailboxes is asked for again after notices may have been lost, also what was being looked up then', async () => {
  let asked = 0;
  let answer = (): void => undefined;
  const mailboxes = createMailboxes({
    lookups: {
      identityByAddress: () => {
        asked += 1;
        return new Promise((resolve) => (answer = () => resolve(undefined)));
      },
    },
    clock: virtualClock(NOW),
    settings: { domains: () => new Set(['example.org']), configured: () => new Set() },
  });
  const find = async (): Promise<unknown> => {
    const found = mailboxes.find('bob@example.org');
    answer();
    return found;
  };
  assert.deepEqual([await find(), await find(), asked], ['unknown', 'unknown', 1]);
  mailboxes.unsure();
  const overtaken = mailboxes.find('bob@example.org');
  mailboxes.unsure();
  answer();
  assert.deepEqual([await overtaken, await find(), asked], ['unknown', 'unknown', 3]);
});
