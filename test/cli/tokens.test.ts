// Roles and tokens on the command line.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_MS, place, stored, trail, USAGE } from './place.ts';

test('a role is given, shown, and taken back', async () => {
  const at = place();
  await at.good('account add dora@example.org');
  assert.equal(await at.good('account role dora'), 'dora@example.org has the role user\n');
  assert.equal(
    await at.good('account role dora domainAdmin --domain EXAMPLE.org'),
    'dora@example.org has the role domainAdmin of example.org\n',
  );
  assert.deepEqual(JSON.parse(await at.good('account role dora --json')), {
    ...{ login: 'dora@example.org', role: 'domainAdmin', domains: ['example.org'] },
  });
  assert.match(await at.good('account show dora'), /^role {5}domainAdmin of example\.org$/m);
  await at.refused(
    USAGE,
    /there is no role root: it is one of user, domainAdmin, /,
    'account role dora root',
  );
  await at.refused(
    USAGE,
    /--domain goes with the role domainAdmin/,
    'account role dora --domain example.org',
  );
  await at.refused(
    1,
    /far\.example is none of our domains/,
    'account role dora domainAdmin --domain far.example',
  );
  assert.equal(await at.good('account role dora user'), 'dora@example.org has the role user\n');
  assert.doesNotMatch(await at.good('account show dora'), /^role/m);
});

test('a token is shown once, listed and revoked', async () => {
  const at = place();
  await at.good('account add ci@example.org');
  assert.match(await at.good('token list ci'), /^ci@example\.org has no tokens: `postern token add/);
  const added = await at.good('token add ci --label build --scope trace queue');
  const shown =
    /^added build \((\w{8})\) of ci@example\.org: trace, queue, until \S+\ntoken \(shown once\): postern_[^_]+_\1_(\w{26})\n$/;
  const [, id = '', secret = ''] = shown.exec(added) ?? [];
  assert.notEqual(secret, '', added);
  const { tokens } = JSON.parse(await at.good('token list ci --json')) as {
    readonly tokens: readonly {
      readonly id: string;
      readonly scopes: string[];
      readonly expiresAt: string;
    }[];
  };
  assert.deepEqual(
    tokens.map((one) => [one.id, one.scopes]),
    [[id, ['trace', 'queue']]],
  );
  assert.ok(Math.abs(Date.parse(tokens[0]?.expiresAt ?? '') - Date.now() - 90 * DAY_MS) < 3_600_000);
  await at.good('token add ci --label other --scope trace --expires never');
  assert.match(await at.good('token list ci'), /other +trace +without end +never/);
  await at.refused(
    USAGE,
    /there is no scope all: it is one of trace, /,
    'token add ci --label x --scope all',
  );
  await at.refused(USAGE, /"soon" is no duration/, 'token add ci --label x --scope trace --expires soon');
  await at.refused(
    USAGE,
    /which may do nothing with the scope reports/,
    'token add ci --label x --scope reports',
  );
  assert.equal(await at.good('token revoke ci build'), `revoked build (${id}) of ci@example.org\n`);
  await at.refused(1, /was revoked already/, 'token revoke ci build');
  assert.match(await at.good('token list ci'), new RegExp(`${id} +build +trace queue +revoked`));
  assert.match(
    await at.good('account show ci'),
    new RegExp(`^token ${id}  build  never used .*revoked`, 'm'),
  );
  const acts = (await trail(at, '--identity ci')).map(({ payload }) => payload?.action);
  assert.deepEqual(acts, ['add', 'token add', 'token add', 'token revoke']);
  const everything =
    stored(at.data) + (await at.good('audit export')) + (await at.good('account list --json'));
  assert.ok(!everything.includes(secret));
});
