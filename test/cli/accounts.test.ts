// Accounts on the command line: made, changed, removed; and what they may do.

import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import {
  assertRefused,
  DAY_MS,
  PASSWORD,
  place,
  type Place,
  show,
  spawned,
  stored,
  trail,
  USAGE,
} from './place.ts';

test('D-OUT-5 F-AUTH-13: an account from its first password to its tombstone; no secret is kept or repeated', async () => {
  const at = place();
  const firstAdd = `account add Alice@EXAMPLE.org --password-stdin -c ${at.config}`;
  const added = await spawned(firstAdd, { input: `${PASSWORD}\nsecond line\n` });
  assert.deepEqual(added, { status: 0, stdout: 'added alice@example.org\n', stderr: '' });
  const made = JSON.parse(await at.good('account add bob --display-name Bob --json')) as {
    readonly login: string;
    readonly appPassword: string;
  };
  assert.equal(made.login, 'bob@example.org', 'a bare name where there is one domain');
  assert.match(made.appPassword, /^[0-9A-Z]{8}(-[0-9A-Z]+)+$/);
  await refusesWhatIsTaken(at);
  await setsPasswords(at);
  const { alice, phone, text } = await addsAppPassword(at);
  await keepsNoSecret(at, [PASSWORD, text.slice(9), made.appPassword.slice(9)]);
  await revokes(at, phone);
  await at.good('account remove alice --yes');
  await at.refused(1, /alice@example\.org was removed; until/, 'account app-password revoke alice phone');
  const gone = await show(at, 'alice');
  assert.deepEqual([gone.id, gone.state, gone.credentials], [alice.id, 'removed', []]);
  const kept = (await trail(at, '--identity alice')).map(({ payload }) => [
    payload?.action,
    payload?.detail?.['credential'],
  ]);
  assert.deepEqual(kept, [
    ...[['add'], ['password'], ['password']].map(([action]) => [action, undefined]),
    ...[
      ['app-password add', phone],
      ['app-password revoke', phone],
      ['remove', undefined],
    ],
  ]);
  const [first] = await trail(at, '--identity bob');
  const [id] = made.appPassword.split('-');
  assert.deepEqual(first?.payload?.detail, { login: made.login, credential: id, label: 'first' });
});

async function refusesWhatIsTaken(at: Place): Promise<void> {
  for (const input of ['short\n', '', '\n'])
    assertRefused(
      await at.run('account add carol --password-stdin', input),
      USAGE,
      /at least 8 characters/,
      'add',
    );
  await at.refused(1, /there is no account carol/, 'account show carol');
  await at.refused(
    1,
    /alice@example\.org is the login of an account already: `postern account show/,
    'account add alice@example.org',
  );
  await at.good('account rights bob add sales@example.org');
  await at.refused(
    1,
    /sales@example\.org is an address of bob@example\.org, .*`postern account rights bob@example\.org remove sales@example\.org`/,
    'account add sales@example.org',
  );
  await at.good('account rights bob remove sales@example.org');
  await at.refused(1, /not in `domains`/, 'account add alice@example.net');
}

async function setsPasswords(at: Place): Promise<void> {
  const changed = await at.run('account password alice', `${PASSWORD} again\n`);
  assert.equal(changed.stdout, 'password of alice@example.org set\n');
  const asJson = await at.run('account password alice --json', `${PASSWORD} again\n`);
  assert.deepEqual(JSON.parse(asJson.stdout), { login: 'alice@example.org', credential: 'password' });
  // What can't be done is told before anything is said of the password.
  for (const [line, because] of [
    ['account password carol', /there is no account carol/],
    [
      'account add alice@example.org --password-stdin',
      /alice@example\.org is the login of an account already/,
    ],
  ] as const)
    assertRefused(await at.run(line, 'short\n'), 1, because, line);
}

/** Alice as she is shown, the id of her app password, and the password itself. */
async function addsAppPassword(at: Place) {
  const app = await at.good('account app-password add alice --label phone --expires 90d');
  const [, told, text = ''] = /^(.*)\napp password \(shown once\): (\S+)\n$/.exec(app) ?? [];
  const [phone = ''] = text.split('-');
  assert.equal(told, `added phone (${phone}) of alice@example.org`);
  const alice = await show(at, 'alice');
  assert.deepEqual(
    alice.credentials.map(({ id, label }) => [id, label]),
    [
      ['password', 'password'],
      [phone, 'phone'],
    ],
  );
  const expiresAt = Date.parse(alice.credentials[1]?.expiresAt ?? '');
  assert.ok(Math.abs(expiresAt - Date.now() - 90 * DAY_MS) < 3_600_000);
  return { alice, phone, text };
}

async function keepsNoSecret(at: Place, secrets: readonly string[]): Promise<void> {
  const everything =
    stored(at.data) + (await at.good('audit export')) + (await at.good('account list --json'));
  for (const secret of secrets) {
    assert.ok(secret.length > 20);
    assert.ok(!everything.includes(secret) && !everything.includes(secret.replaceAll('-', '')), secret);
  }
  assert.match(everything, /\$argon2id\$/);
}

async function revokes(at: Place, phone: string): Promise<void> {
  await at.refused(1, /is no app password .*--revoke/, 'account app-password revoke alice password');
  await at.refused(USAGE, /its id or its label, or --all/, 'account app-password revoke alice');
  await at.refused(1, /no app password fax/, 'account app-password revoke alice fax');
  assert.deepEqual(JSON.parse(await at.good('account app-password revoke alice phone --json')), {
    ...{ login: 'alice@example.org', revoked: phone, label: 'phone' },
  });
  assert.deepEqual(
    (await show(at, 'alice')).credentials.map(({ id, disabled }) => [id, disabled?.by]),
    [
      ['password', undefined],
      [phone, `${userInfo().username} (command line)`],
    ],
    'a revoked one is kept, and lets nobody in',
  );
  for (const again of ['phone', phone.toLowerCase()])
    await at.refused(
      1,
      /of alice@.* was revoked already, 2\S+Z by /,
      `account app-password revoke alice ${again}`,
    );
}

test('F-OPS-5: state, rights and limits: each change is told, and a wrong one changes nothing', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  await at.good('account add newsletter --no-mailbox');
  assert.equal(await at.good('account suspend alice'), 'alice@example.org is suspended\n');
  await at.refused(1, /is suspended already/, 'account suspend alice');
  assert.equal(await at.good('account resume alice'), 'alice@example.org is active\n');

  await at.good('account rights alice add sales@example.org');
  await at.good('account rights newsletter add @example.org');
  // No wildcard over the world, no address of somebody else's domain.
  await at.refused(1, /not in `domains`/, 'account rights alice add @example.net');
  await at.refused(1, /not in `domains`/, 'account rights alice add ceo@example.net');
  await at.refused(1, /no mail address/, 'account rights alice add *');
  await at.refused(1, /the login itself/, 'account rights alice remove alice@example.org');
  await at.refused(1, /has no right fax@example\.org/, 'account rights alice remove fax@example.org');
  await at.refused(USAGE, /rights LOGIN list/, 'account rights alice grant x@example.org');
  assert.equal(
    await at.good('account rights alice list'),
    'alice@example.org  address\nsales@example.org  address\n',
  );

  for (const [change, state] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const)
    assert.deepEqual(JSON.parse(await at.good(`account ${change} alice --json`)), {
      ...{ login: 'alice@example.org', state },
    });

  assert.deepEqual(JSON.parse(await at.good('account limit alice messagesPerHour 20 --json')), {
    ...{ login: 'alice@example.org', limits: { messagesPerHour: 20 } },
  });
  assert.equal(
    await at.good('account undo-window alice 10s'),
    'what alice@example.org sends waits 10 s before it leaves\n',
  );
  assert.match(await at.good('account show alice'), /^undo {5}10 s before its mail leaves$/m);
  await at.refused(USAGE, /"10" is no duration such as 10s/, 'account undo-window alice 10');
  for (const duration of ['61s', '1500ms', '2m'])
    await at.refused(1, /from 0 to 60 whole seconds/, `account undo-window alice ${duration}`);
  await at.refused(1, /a service without mailbox/, 'account undo-window newsletter 5s');
  assert.deepEqual(JSON.parse(await at.good('account undo-window alice 0s --json')), {
    ...{ login: 'alice@example.org', undoSeconds: 0 },
  });
  await at.good('account limit alice recipientsPerHour none');
  for (const value of ["''", 'many', '1e3', '2.5', '0x10'])
    await at.refused(USAGE, /is a whole number/, `account limit alice messagesPerHour ${value}`);
  await at.refused(USAGE, /there is no limit perHour/, 'account limit alice perHour 5');
  const alice = await show(at, 'alice');
  assert.deepEqual(alice.limits, { messagesPerHour: 20, recipientsPerHour: 'none' });
  assert.deepEqual(alice.rights, ['alice@example.org', 'sales@example.org']);
  await at.good('account limit alice messagesPerHour default');
  assert.deepEqual((await show(at, 'alice')).limits, { recipientsPerHour: 'none' });
  assert.match(
    await at.good('account list'),
    /^LOGIN +STATE +RIGHTS +CREDENTIALS\nalice@example\.org +active +alice@example\.org sales@example\.org +1\nnewsletter +active +@example\.org +1\n$/,
  );
});

test('a removal says what it means and asks; shared addresses stay with the domain; the account comes back', async () => {
  const at = place();
  for (const name of ['alice', 'bob', 'carla']) await at.good(`account add ${name}@example.org`);
  for (const right of ['team', 'sales']) await at.good(`account rights alice add ${right}@example.org`);
  assert.match(
    await at.good('account rights bob add team@example.org'),
    /team@example\.org is shared with alice@example\.org/,
  );
  for (const [change, state] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const)
    assert.deepEqual(JSON.parse(await at.good(`account ${change} alice --json`)), {
      ...{ login: 'alice@example.org', state },
    });

  assert.deepEqual(JSON.parse(await at.good('account limit alice messagesPerHour 20 --json')), {
    ...{ login: 'alice@example.org', limits: { messagesPerHour: 20 } },
  });
  await at.refused(
    USAGE,
    /for good once retention ends: say --yes, or stop it with `postern account suspend alice@/,
    'account remove alice',
  );
  assert.equal((await show(at, 'alice')).state, 'active');
  const told = await at.good('account remove alice --yes');
  assert.match(
    told,
    /^alice@example\.org is removed; until \d{4}-\d\d-\d\dT[\d:.]+Z `postern account restore alice@example\.org` brings it back$/m,
  );
  assert.match(told, /^team@example\.org stays with bob@example\.org$/m);
  assert.match(
    told,
    /^sales@example\.org: nobody else has it, so mail to it is refused until somebody gets it: `postern account rights LOGIN add sales@/m,
  );

  await keepsItsNames(at);

  const before = await trail(at, '');
  await at.refused(1, /was removed; until retention ends/, 'account remove alice');
  await at.refused(1, /was removed; until retention ends/, 'account remove alice --yes');
  assert.deepEqual(await trail(at, ''), before, 'a removal that fails changes nothing, of others either');
  await comesBack(at);
  await at.good('account remove alice --yes');
  assert.equal(
    await at.good('account rights alice remove team@example.org'),
    'alice@example.org is removed; restored it would send as alice@example.org, sales@example.org\nteam@example.org is shared with bob@example.org\n',
  );
  await at.refused(1, /was removed/, 'account rights alice add team@example.org');
  await at.refused(1, /is the login itself/, 'account rights alice remove alice@example.org');
  await at.good('account restore alice');
  assert.deepEqual((await show(at, 'alice')).rights, ['alice@example.org', 'sales@example.org']);
});

/** Alice's, which is removed. */
async function keepsItsNames(at: Place): Promise<void> {
  await at.refused(
    1,
    /was removed \d{4}-.*; `postern account restore alice@example\.org`/,
    'account add alice@example.org',
  );
  await at.refused(
    1,
    /is an address of the removed account alice@example\.org, .*`postern account rights alice@example\.org remove sales@/,
    'account add sales@example.org',
  );
  await at.refused(
    1,
    /is the login of an account that was removed/,
    'account rights bob add alice@example.org',
  );
  assert.match(
    await at.good('account rights carla add sales@example.org'),
    /sales@example\.org was an address of alice@example\.org until that was removed/,
  );
  for (const change of [
    'suspend alice',
    'resume alice',
    'app-password add alice --label x',
    'remove alice --yes',
  ])
    await at.refused(1, /was removed; until retention ends `account restore/, `account ${change}`);
  assert.equal((await show(at, 'alice@example.org')).state, 'removed');
  assert.match(await at.good('account show alice'), /^removed {2}\d{4}-/m);
  assert.match(await at.good('account list'), /alice@example\.org +removed/);
  assert.match(await at.good('account list --state removed --domain example.org'), /alice@/);
  assert.equal(await at.good('account list --state suspended --prefix al'), 'no account matches\n');
  await at.refused(USAGE, /--state is active, suspended or removed/, 'account list --state gone');
}

async function comesBack(at: Place): Promise<void> {
  const restored = await at.good('account restore alice');
  assert.match(restored, /^alice@example\.org is active again[\s\S]*it has no password/);
  assert.match(
    restored,
    /^it may send as alice@example\.org, team@example\.org, sales@example\.org\nteam@example\.org is shared with bob@example\.org: `postern account rights alice@example\.org remove team@/m,
  );
  const back = await show(at, 'alice');
  assert.deepEqual(back.rights, ['alice@example.org', 'team@example.org', 'sales@example.org']);
  assert.deepEqual([back.state, back.credentials, back.limits], ['active', [], { messagesPerHour: 20 }]);
  await at.refused(1, /is not removed/, 'account restore alice');
  await at.good('account suspend alice');
  const { restorableUntil } = JSON.parse(await at.good('account remove alice --yes --json')) as {
    readonly restorableUntil: string;
  };
  assert.match(restorableUntil, /^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(JSON.parse(await at.good('account restore alice --json')), {
    ...{ login: 'alice@example.org', state: 'suspended' },
    rights: ['alice@example.org', 'team@example.org', 'sales@example.org'],
  });
}

test('what is printed for people is there for programs too: rights, app passwords, limits, with times of RFC 3339', async () => {
  const at = place();
  await at.good("account add alice@example.org --display-name 'Alice A.'");
  const json = async (line: string): Promise<Record<string, unknown>> =>
    JSON.parse(await at.good(`${line} --json`)) as Record<string, unknown>;
  const rights = await json('account rights alice add sales@example.org');
  assert.deepEqual(rights, await json('account rights alice list'));
  assert.deepEqual(rights, {
    login: 'alice@example.org',
    rights: [
      { kind: 'address', right: 'alice@example.org' },
      { kind: 'address', right: 'sales@example.org' },
    ],
  });
  const made = await json('account app-password add alice --label phone --expires 90d');
  assert.match(String(made['expiresAt']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(String(made['appPassword']), new RegExp(`^${String(made['id'])}-`));
  await at.good('account limit alice messagesPerHour 20');
  const shown = await json('account show alice');
  assert.match(String(shown['createdAt']), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(shown['effectiveLimits'], {
    ...{ messagesPerHour: 20, recipientsPerHour: 2000, nullSenderPerHour: 50 },
  });
  const text = await at.good('account show alice');
  assert.match(text, /^name {5}Alice A\.$/m);
  assert.match(
    text,
    /^limit {4}messagesPerHour 20 \(own\) {2}0 used\nlimit {4}recipientsPerHour 2000 {2}0 used$/m,
  );
  const erased = await json('audit erase --identity alice --before 2026-01-01');
  assert.deepEqual(erased, { forgotten: 0, kept: 4, until: '2026-01-01T00:00:00.000Z' });
});

test('BCP134-3.1-e BCP134-3.1-f: explain asks the rules that the server asks', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const asAlice = 'explain --as alice --from';
  const allowed = await at.good(`${asAlice} alice@example.org --to x@far.example alice@example.org`);
  assert.match(allowed, /MAIL FROM:<alice@example\.org>\?\n {2}accepted by rule: own address/);
  assert.match(allowed, /RCPT TO:<x@far\.example>\?\n {2}accepted by rule: authenticated submission/);

  await at.refused(1, /it would be refused/, `${asAlice} bob@example.org --to x@far.example`);
  await at.refused(1, /it would be refused/, `${asAlice} alice@example.org --to nobody@example.org`);
  const header = await at.run(`${asAlice} alice@example.org --header-from ceo@example.org --json`);
  assert.equal(header.status, 1);
  const steps = JSON.parse(header.stdout) as readonly {
    readonly question: string;
    readonly verdict: {
      readonly type: string;
      readonly refusal?: { readonly reply: { readonly code: number } };
    };
  }[];
  assert.deepEqual(
    steps.map(({ question, verdict }) => [question, verdict.type, verdict.refusal?.reply.code]),
    [
      ['MAIL FROM:<alice@example.org>?', 'accepted', undefined],
      ['From: ceo@example.org?', 'refused', 550],
    ],
  );
  await at.good('account suspend alice');
  const suspended = await at.run(`${asAlice} alice@example.org --ip 127.0.0.1`);
  assert.equal(suspended.status, 1);
  assert.match(
    suspended.stdout,
    /refused 550 5\.7\.1 by rule: active identity\n {2}because the identity is suspended/,
  );
  await at.refused(1, /there is no account nobody/, 'explain --as nobody --from x@example.org');
});
