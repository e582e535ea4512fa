// The control socket: who asks is who proved it, whatever they say; and a backup over it, whose client may be gone before the copy is made.

import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readlinkSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { failsWith, openOffice, textOf } from '../../test/fakes/administration.ts';
import { systemClock } from '../platform/clock.ts';
import { ownUserName } from '../platform/own-user.ts';
import { stageBackup } from '../store/sqlite/backup-stage.ts';
import { removeDirectory, temporaryDirectory } from '../store/sqlite/sqlite.contract-fixtures.ts';
import { connectControl } from './control-client.ts';
import { CLAIM_PREFIX, CONTROL_SOCKET } from './control-protocol.ts';
import { startControl } from './control.ts';
import { askSocket } from './own-socket.ts';

const LARGE = 8 * 1024 * 1024;

/** `asked` resolves when the server begins to copy, `copy` lets it end, `closed` when it has let the copy go. */
async function serverOf(t: TestContext, octets: number) {
  const data = temporaryDirectory();
  const [asked, copying, closed] = [1, 2, 3].map(() => Promise.withResolvers<void>()) as [
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
    PromiseWithResolvers<void>,
  ];
  const never = () => Promise.reject(new Error('not asked here'));
  const office = openOffice({
    async copy() {
      asked.resolve();
      await copying.promise;
      const staged = await stageBackup(data, (path) =>
        Promise.resolve(writeFileSync(path, Buffer.alloc(octets))),
      );
      return {
        ...staged,
        async close() {
          await staged.close();
          closed.resolve();
        },
      };
    },
  });
  const close = await startControl(data, {
    ...{ administration: office.ports, clock: systemClock, status: never, reload: never },
    consoleLink: (who) => Promise.resolve(`link for ${who}`),
    notTaken: () => undefined,
  });
  t.after(async () => {
    await close();
    removeDirectory(data);
  });
  return { data, office, asked: asked.promise, copy: copying.resolve, closed: closed.promise };
}

/** A client of its own kind: what it sends is what it likes. */
function clientOf(data: string) {
  const ask = async (path: string, body: object = {}): Promise<Answered> =>
    JSON.parse(
      String((await askSocket(join(data, CONTROL_SOCKET), 'POST', path, JSON.stringify(body))).body),
    ) as Answered;
  return {
    ask,
    /** `make`: does what proves the claim. */
    async claimed(make: (file: string) => void): Promise<string> {
      const claim = String((await ask('/claim')).value);
      make(join(data, `${CLAIM_PREFIX}${claim}`));
      return claim;
    },
  };
}

interface Answered {
  readonly value?: unknown;
  readonly error?: string;
}

const proven = (file: string): void => writeFileSync(file, '', { mode: 0o600, flag: 'wx' });
const account = { login: 'alice@example.org', mailbox: true, allowReserved: true };

test('who acts is who proved it, whatever the client says of itself', async (t) => {
  const { data, office } = await serverOf(t, 0);
  const { ask, claimed } = clientOf(data);
  const lies = { by: 'mallory', who: 'mallory', actor: { who: 'mallory' }, role: 'auditor' };
  const claim = await claimed(proven);
  const input = { ...account, ...lies };
  const { error } = await ask('/act', { useCase: 'addAccount', input, claim, ...lies, reason: 'mine' });
  assert.equal(error, undefined);
  const [event] = await office.trail();
  assert.ok(event?.type === 'identityChanged');
  assert.equal(event.payload?.by, `${ownUserName()} (command line)`);
  assert.equal(event.payload.detail['reason'], 'mine');
  assert.ok(!existsSync(join(data, `${CLAIM_PREFIX}${claim}`)), 'the claim counts once, and is gone');
});

test('a reason is text: what else is given for one gets no record, and nothing is done', async (t) => {
  const { data, office } = await serverOf(t, 0);
  const { ask, claimed } = clientOf(data);
  for (const reason of [5, { a: 1 }, ['x'], null]) {
    const claim = await claimed(proven);
    const act = { useCase: 'addAccount', input: account, claim, reason };
    assert.match((await ask('/act', act)).error ?? '', /a reason is text/);
  }
  assert.deepEqual(await office.trail(), []);
});

const unproven: readonly (readonly [why: string, make: (file: string) => void, because: RegExp])[] = [
  ['nothing was made', () => undefined, /the file of the claim was not made/],
  ['others may read it', (file) => writeFileSync(file, '', { mode: 0o644 }), /must have mode 0600/],
  ['it is not empty', (file) => writeFileSync(file, 'x', { mode: 0o600 }), /must be empty/],
];

for (const [why, make, because] of unproven)
  test(`nothing is done for who proved nothing: ${why}`, async (t) => {
    const { data, office } = await serverOf(t, 0);
    const { ask, claimed } = clientOf(data);
    const claim = await claimed(make);
    assert.match((await ask('/act', { useCase: 'addAccount', input: account, claim })).error ?? '', because);
    assert.deepEqual(await office.trail(), []);
  });

test('nothing is done without a claim, with a made up one, or twice with one', async (t) => {
  const { data, office } = await serverOf(t, 0);
  const { ask, claimed } = clientOf(data);
  const claim = await claimed(proven);
  const act = { useCase: 'addAccount', input: account };
  await ask('/act', { ...act, claim });
  for (const wrong of [{}, { claim: 'x' }, { claim: 1 }, { claim }])
    assert.match((await ask('/act', { ...act, ...wrong })).error ?? '', /does not know who asks/);
  assert.equal((await office.trail()).length, 1);
});

test('no change of the store, and no look at a message, comes past the use cases', async (t) => {
  const { data } = await serverOf(t, 0);
  const { ask } = clientOf(data);
  assert.match((await ask('/commit', [])).error ?? '', /knows no such question/);
  const asked = ['events', 'findEvents', 'findMessages', 'content', 'credentialUses'];
  const { value } = await ask(
    '/lookups',
    asked.map((method) => [method, [{}]]),
  );
  assert.deepEqual(
    value,
    asked.map((method) => ({ error: `there is no look-up ${method}` })),
  );
});

test(
  'the owner of the file is who acts, by name, or by number if there is no name',
  { skip: process.getuid?.() === 0 ? false : 'root alone gives files away' },
  async (t) => {
    const { data, office } = await serverOf(t, 0);
    const { ask, claimed } = clientOf(data);
    for (const [uid, who] of [
      [1, 'daemon'],
      [4_000_123, 'uid4000123'],
    ] as const) {
      const claim = await claimed((file) => {
        proven(file);
        chownSync(file, uid, uid);
      });
      const input = { ...account, login: `${who}@example.org` };
      assert.equal((await ask('/act', { useCase: 'addAccount', input, claim })).error, undefined);
      const event = (await office.trail()).at(-1);
      assert.ok(event?.type === 'identityChanged');
      assert.equal(event.payload?.by, `${who} (command line)`);
    }
  },
);

test('a command finds what its use case gives and throws, and leaves no file of its claim', async (t) => {
  const { data, office } = await serverOf(t, 0);
  const client = await connectControl(data);
  assert.ok(client !== undefined);
  await client.administration().addAccount(account);
  const [listed] = (await client.administration().pageAccounts({ max: 10 })).accounts;
  assert.equal(listed?.login, account.login);
  const twice = client.administration().addAccount(account);
  await assert.rejects(twice, failsWith('negative', /is the login of an account already/));
  const lines = await textOf(await client.administration('audit').exportTrail({}));
  assert.equal(lines.trimEnd().split('\n').length, (await office.trail()).length);
  assert.deepEqual(
    readdirSync(data).filter((name) => name.startsWith(CLAIM_PREFIX)),
    [],
  );
});

for (const { why, claim } of [
  { why: 'a file elsewhere', claim: 'x/../../kept' },
  { why: 'a file beside it', claim: '/../postern.sqlite' },
  { why: 'no claim', claim: 7 },
])
  test(`a command makes and removes no file but that of its claim, whatever the server names: ${why}`, async (t) => {
    const place = temporaryDirectory();
    const data = join(place, 'data');
    mkdirSync(data);
    const kept = [join(place, 'kept'), join(data, 'postern.sqlite')];
    for (const file of kept) writeFileSync(file, 'kept');
    const server = createServer((_, response) => {
      const text = JSON.stringify({ value: claim });
      response.writeHead(200, { 'content-length': text.length }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(join(data, CONTROL_SOCKET), resolve));
    t.after(() => {
      server.close();
      removeDirectory(place);
    });
    const client = await connectControl(data);
    await assert.rejects(async () => client?.administration().pageAccounts({ max: 10 }), /names no claim/);
    assert.deepEqual(
      kept.map((file) => existsSync(file)),
      [true, true],
    );
    assert.deepEqual(readdirSync(data).toSorted(), [CONTROL_SOCKET, 'postern.sqlite']);
  });

/** Open files of this process below a directory, those without a name included. */
function openBelow(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    })
    .filter((path) => path.startsWith(`${directory}/backup-`));
}

test('a backup whose command ends before the copy is made holds no file', async (t) => {
  const { data, asked, copy, closed } = await serverOf(t, 100);
  const claim = await clientOf(data).claimed(proven);
  const command = request({ socketPath: join(data, CONTROL_SOCKET), method: 'POST', path: '/act' });
  command.on('error', () => undefined).end(JSON.stringify({ useCase: 'backUp', claim }));
  await asked;
  command.destroy();
  copy();
  await closed;
  assert.deepEqual(openBelow(data), []);
});

test('a backup whose command ends while it is read holds no file', async (t) => {
  const { data, copy, closed } = await serverOf(t, LARGE);
  copy();
  const pieces = (await (await connectControl(data))?.administration().backUp())?.[Symbol.asyncIterator]();
  const first = await pieces?.next();
  assert.ok(first?.done === false);
  assert.equal(openBelow(data).length, 1);
  await pieces?.return?.();
  await closed;
  assert.deepEqual(openBelow(data), []);
});

test('a backup that is read to its end holds no file', async (t) => {
  const { data, copy, closed } = await serverOf(t, LARGE);
  copy();
  let octets = 0;
  for await (const part of (await (await connectControl(data))?.administration().backUp()) ?? [])
    octets += part.length;
  await closed;
  assert.deepEqual([octets, openBelow(data)], [LARGE, []]);
});

test('a link into the console is for who proved to ask, once for each proof', async (t) => {
  const { data } = await serverOf(t, 0);
  const { ask, claimed } = clientOf(data);
  const claim = await claimed(proven);
  assert.match(String((await ask('/console-link', { claim })).value), /^link for /);
  for (const wrong of [claim, 'x', 7, undefined])
    assert.match(String((await ask('/console-link', { claim: wrong })).error), /does not know who asks/);
  assert.match((await (await connectControl(data))?.consoleLink()) ?? '', /^link for /);
});
