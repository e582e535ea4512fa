// The command line as an operator uses it, without a running server: what each command says, what it leaves behind, how it exits.
// Most commands run one after the other in one child process, because starting Node costs more than the commands; what the
// process itself has to show (exit codes, standard input, environment, working directory) runs as `node src/main.ts …`.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { loadConfig } from '../src/config/load.ts';
import { startControl } from '../src/http/control.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import type { AcceptedPayload, SessionFacts } from '../src/record/events.ts';
import { administrationPorts } from '../src/server/administration.ts';
import { lockDataDirectory } from '../src/store/sqlite/data-directory.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { acceptOf, deferred, settleOf } from '../src/store/store.contract-fixtures.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const PROGRAM = join(import.meta.dirname, '../src/cli/program.ts');
const PASSWORD = 'correct horse battery staple';
const DAY_MS = 86_400_000;
const USAGE = 2;
const COULD_NOT_TELL = 3;
/** sysexits.h, as `serve` ends. */
const CONFIG = 78;

const root = mkdtempSync(join(tmpdir(), 'postern-cli-'));
const environment = { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') };

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface How {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `account add 'two words'`: as in a shell. */
function words(line: string): readonly string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/s, '$1'));
}

/** `node src/main.ts …` */
function spawned(line: string, { input = '', cwd = root, env = {} }: How = {}): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, ...words(line)], { cwd, env: { ...environment, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? -1, stdout, stderr }));
  });
}

const shellScript = `
  const { runProgram } = await import(${JSON.stringify(PROGRAM)});
  process.on('message', async (args) => {
    let stdout = '', stderr = '';
    process.stdout.write = (part) => ((stdout += part), true);
    process.stderr.write = (part) => ((stderr += part), true);
    process.send({ status: await runProgram(args), stdout, stderr });
  });
  process.send('ready');`;

let shell: Promise<ChildProcess> | undefined;

async function openShell(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', shellScript], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await new Promise((resolve) => child.once('message', resolve));
  return child;
}

/** The same program, in the child that stays. */
async function postern(line: string): Promise<Result> {
  const child = await (shell ??= openShell());
  return new Promise((resolve, reject) => {
    child.once('exit', reject);
    child.once('message', (result) => {
      child.off('exit', reject);
      resolve(result as Result);
    });
    child.send(words(line));
  });
}

after(async () => {
  (await shell)?.kill();
  rmSync(root, { recursive: true, force: true });
});

function assertRefused(result: Result, status: number, because: RegExp, line: string): void {
  const said = `postern ${line}: ${result.status} ${result.stdout}${result.stderr}`;
  assert.equal(result.status, status, said);
  assert.match(result.stderr, because, said);
  assert.match(result.stderr, /^(postern|error): [^\n]+\n/, said);
  assert.doesNotMatch(result.stderr, /\n {4}at |Error:/, said);
}

interface Place {
  readonly directory: string;
  readonly data: string;
  readonly config: string;
  run(line: string): Promise<Result>;
  /** Expects exit code 0; gives standard output. */
  good(line: string): Promise<string>;
  /** Expects exit code `status` and a message that says why. */
  refused(status: number, because: RegExp, line: string): Promise<void>;
}

let places = 0;

/** An empty one, as a first start leaves it. */
function makeStore({ data }: Place): void {
  lockDataDirectory(data)();
  openSqliteStore({ dataDirectory: data, clock: systemClock, entropy: systemEntropy() }).close();
}

/** A directory with a configuration of its own. */
function place(...extra: readonly string[]): Place {
  const directory = join(root, String((places += 1)));
  mkdirSync(directory);
  const config = join(directory, 'postern.yaml');
  const lines = [
    'hostname: msa.example.org',
    'domains: [example.org]',
    'data: ./data',
    'tls: { cert: cert.pem, key: key.pem }',
    'relay: { files: ./outbox }',
    ...extra,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const run = (line: string): Promise<Result> => postern(`${line} -c ${config}`);
  return {
    ...{ directory, config, run },
    data: join(directory, 'data'),
    async good(line) {
      const { status, stdout, stderr } = await run(line);
      assert.equal(status, 0, `postern ${line}: ${stderr}`);
      assert.equal(stderr, '');
      return stdout;
    },
    async refused(status, because, line) {
      assertRefused(await run(line), status, because, line);
    },
  };
}

interface Shown {
  readonly id: string;
  readonly login: string;
  readonly state: string;
  readonly rights: readonly string[];
  readonly credentials: readonly {
    readonly id: string;
    readonly label: string;
    readonly expiresAt?: string;
    readonly disabled?: { readonly at: string; readonly by: string };
  }[];
  readonly limits: Readonly<Record<string, number | 'none'>>;
}

async function show(at: Place, login: string): Promise<Shown> {
  return JSON.parse(await at.good(`account show ${login} --json`)) as Shown;
}

interface Exported {
  readonly type: string;
  readonly identityId?: string;
  readonly payload?: {
    readonly by?: string;
    readonly action?: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
}

/** Without what the exports themselves left in it. */
async function trail(at: Place, options = ''): Promise<readonly Exported[]> {
  const lines = (await at.good(`audit export ${options}`)).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Exported)
    .filter(({ payload }) => payload?.action !== 'audit export');
}

/** Everything that the data directory holds, as one text. */
function stored(data: string): string {
  return readdirSync(data, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(data, name), 'latin1'))
    .join('\n');
}

test('init writes what check finds good, and never overwrites', async () => {
  const target = join(root, 'init');
  const made = await spawned(`init ${target} --hostname mail.example.org --domain example.org example.com`);
  assert.equal(made.status, 0, made.stderr);
  assert.match(
    made.stdout,
    /added admin@example\.org, app password \(shown once\): [\s\S]*Next:\n {2}postern check -c/,
  );
  const config = join(target, 'postern.yaml');
  const keys = ['dkim-example.org-postern1.pem', 'dkim-example.com-postern1.pem'];
  assert.deepEqual(
    ['key.pem', 'cert.pem', 'postern.yaml', ...keys].map((name) => statSync(join(target, name)).mode & 0o777),
    [0o600, 0o644, 0o640, 0o600, 0o600],
  );
  const text = readFileSync(config, 'utf8');
  assert.match(text, new RegExp(`^data: ${target}/data$`, 'm'), 'paths are absolute');
  const checked = await spawned(`check --no-dns -c ${config}`);
  assert.equal(checked.status, 0, checked.stderr);
  assert.match(made.stdout, /Mail is signed \(DKIM\) from the first one on: publish the keys/);
  assert.match(checked.stdout, /is good: the policy refuses every hostile probe, with 1 warning/);
  const { stdout } = await postern(`check --no-dns --json -c ${config}`);
  const { warnings, ...found } = JSON.parse(stdout) as { warnings: string[] };
  assert.deepEqual(found, { file: config, problems: [] });
  assert.deepEqual(warnings.length, 1);
  assert.match(warnings[0] ?? '', /cert\.pem is self-signed: mail programs refuse it/);

  const again = `init ${target} --hostname other.example.net`;
  assertRefused(await postern(again), 1, /exists already and is left alone/, again);
  assert.equal(readFileSync(config, 'utf8'), text);
  const nameless = `init ${join(root, 'nameless')} --hostname localhost`;
  assertRefused(await postern(nameless), USAGE, /say --hostname mail\.example\.org/, nameless);
  assert.ok(!existsSync(join(root, 'nameless')), 'nothing is written then');
  const smart = `init ${join(root, 'smart')} --hostname mail.example.org --no-account --no-dkim`;
  const withHost = await postern(`${smart} --smarthost smtp://mta.internal:25`);
  assert.match(
    withHost.stdout,
    /^SPF: mail leaves by mta\.internal, which the SPF record .*onboarding: \{ spf:/m,
  );

  // From the first file to the first account no file has to be edited.
  const added = await spawned(`account add alice@example.com -c ${config}`);
  assert.match(added.stdout, /^added alice@example\.com\napp password \(shown once\): \S{20,}\n$/);

  // What clients will meet: a domain that is gone, a name without a certificate.
  const changed = text
    .replace('example.com', 'example.net')
    .replaceAll('dkim-example.com', 'dkim-example.org');
  writeFileSync(config, `${changed.replace(/^dkim:[\s\S]*?(?=^\w|(?![\s\S]))/m, '')}\nweb: { port: 8443 }\n`);
  const warned = await postern(`check --no-dns -c ${config}`);
  assert.equal(warned.status, 0, warned.stderr);
  assert.match(
    warned.stdout,
    /^warning: example\.com is not in `domains`, but accounts use it, which can't send as it now: alice@example\.com$/m,
  );
  assert.match(
    warned.stdout,
    /^warning: no certificate is valid for autoconfig\.example\.org, which is served/m,
  );
});

test('6409-8.5: a new key is written once, for its owner alone, and its record is the one that is checked', async () => {
  const target = join(root, 'keys');
  const config = join(target, 'postern.yaml');
  await postern(`init ${target} --hostname mail.example.org --domain example.org --no-account --no-dkim`);
  assert.match(readFileSync(config, 'utf8'), /^dkim: \[\]$/m);
  const line = `dkim --selector s2 --type ed25519 -c ${config} --json`;
  const made = JSON.parse((await postern(line)).stdout) as { key: string; record: string; name: string };
  assert.equal(made.name, 's2._domainkey.example.org.');
  assert.equal(statSync(made.key).mode & 0o777, 0o600);
  const pem = readFileSync(made.key, 'utf8');
  assertRefused(
    await postern(line),
    1,
    /not written: .*exists already.*Say another --selector or --out/,
    line,
  );
  assert.equal(readFileSync(made.key, 'utf8'), pem, 'nothing is written over');

  const text = readFileSync(config, 'utf8');
  const signing = `dkim: [{ domain: example.org, selector: s2, key: ${made.key} }]`;
  writeFileSync(config, text.replace('dkim: []', signing));
  assert.ok((await postern(`dns -c ${config}`)).stdout.includes(`${made.name} 3600 IN TXT "${made.record}"`));
  assertRefused(await postern(line), USAGE, /s2 of example\.org is in use/, line);
  for (const [wrong, because] of [
    [`dkim --selector s3 --domain example.net -c ${config}`, /one of our domains: example\.org/],
    [`dkim --selector s.3 -c ${config}`, /letters, digits and hyphens/],
    [`dkim --selector s3 --type dsa -c ${config}`, /rsa or ed25519/],
  ] as const)
    assertRefused(await postern(wrong), USAGE, because, wrong);

  chmodSync(made.key, 0o644);
  const checked = await postern(`check --no-dns -c ${config}`);
  assert.equal(checked.status, 1);
  assert.match(checked.stdout, /dkim\.0\.key: .*mode 644.*chmod 600/);
});

test(
  '6409-8.5: a key that root makes for the service may be read by it; check says which file it may not read',
  { skip: process.getuid?.() === 0 ? false : 'root alone gives files away' },
  async () => {
    const service = 65_534;
    // The user must get there: no directory of a private home above it.
    const target = join(root, 'served');
    chmodSync(root, 0o755);
    const config = join(target, 'postern.yaml');
    await postern(`init ${target} --hostname mail.example.org --domain example.org --no-dkim`);
    chmodSync(target, 0o755);
    for (const name of ['postern.yaml', 'key.pem']) {
      chownSync(join(target, name), 0, service);
      chmodSync(join(target, name), 0o640);
    }
    chownSync(join(target, 'data'), service, service);
    const line = `dkim --selector s2 --type ed25519 -c ${config} --json`;
    const { key } = JSON.parse((await postern(line)).stdout) as { key: string };
    const { uid, gid, mode } = statSync(key);
    assert.deepEqual([uid, gid, mode & 0o777], [0, service, 0o640]);

    const signing = `dkim: [{ domain: example.org, selector: s2, key: ${key} }]`;
    writeFileSync(config, readFileSync(config, 'utf8').replace('dkim: []', signing));
    const check = `check --no-dns -c ${config}`;
    const good = await postern(check);
    assert.equal(good.status, 0, good.stdout);
    for (const file of [key, join(target, 'key.pem'), config]) {
      chmodSync(file, 0o600);
      const { status, stdout } = await postern(check);
      assert.equal(status, 1, file);
      assert.ok(stdout.includes(`chown root:${service} ${file}; chmod 640 ${file}`), stdout);
      chmodSync(file, 0o640);
    }
    assert.equal((await postern(check)).status, 0);
  },
);

const unsafe: readonly { readonly line: string; readonly because: RegExp }[] = [
  { line: 'listeners: [{ port: 587, tls: none }]', because: /:6: listeners\.0\.tls: .*passwords in clear/ },
  { line: 'audit: { retention: 3d }', because: /:6: audit\.retention: .*7d plus.*BCP 134 section 3\.1/ },
  {
    line: 'listeners: [{ port: 465, tls: implicit }]',
    because: /:6: listeners: .*587 is missing \(BCP 134/,
  },
  { line: 'listners: []', because: /:6: unknown key "listners": did you mean "listeners"\?/ },
];

test('F-OPS-5 BCP134-3.1-a BCP134-3.1-j BCP134-5-c: an unsafe configuration is refused by check, by serve, by every command', async () => {
  for (const { line, because } of unsafe) {
    const at = place(line);
    const checked = await at.run('check --no-dns');
    assert.match(checked.stdout, because);
    assertRefused(checked, 1, /1 problem: this configuration must not be served/, 'check --no-dns');
    const { problems } = JSON.parse((await at.run('check --no-dns --json')).stdout);
    assert.match(problems.join(), because);
    await at.refused(USAGE, because, 'account list');
    const served = await spawned(`serve -c ${at.config}`);
    assertRefused(served, CONFIG, because, 'serve');
    assert.ok(!existsSync(at.data), 'it was refused before anything was opened');
  }
});

test('F-OPS-1: check looks into the files, and tells no secret', async () => {
  const at = place();
  const [cert, key] = [join(at.directory, 'cert.pem'), join(at.directory, 'key.pem')];
  const missing = await spawned(`check --no-dns -c ${at.config}`);
  assert.equal(missing.status, 1);
  assert.match(missing.stdout, /^problem: tls: .*cert\.pem: there is no such file/);
  assert.match(missing.stderr, /1 problem: this configuration must not be served/);
  const made = await postern(`init ${join(at.directory, 'made')} --hostname msa.example.org`);
  assert.equal(made.status, 0, made.stderr);
  for (const name of ['cert.pem', 'key.pem'])
    writeFileSync(join(at.directory, name), readFileSync(join(at.directory, 'made', name)));
  chmodSync(key, 0o644);
  const readable = await at.run('check --no-dns --json');
  assert.equal(readable.status, 1);
  const { problems } = JSON.parse(readable.stdout) as { problems: readonly string[] };
  assert.match(problems.join('\n'), /^tls: .*readable by everybody: chmod o=/);
  chmodSync(key, 0o600);
  assert.match(await at.good('check --no-dns'), /is good/);
  const other = await postern(`init ${join(at.directory, 'other')} --hostname msa.example.org`);
  assert.equal(other.status, 0, other.stderr);
  writeFileSync(cert, readFileSync(join(at.directory, 'other/cert.pem')));
  assert.equal((await at.run('check --no-dns')).status, 1, 'a key of another certificate');
  writeFileSync(cert, readFileSync(join(at.directory, 'made/cert.pem')));

  const text = readFileSync(at.config, 'utf8');
  const relay = (value: string): void => writeFileSync(at.config, text.replace('files: ./outbox', value));
  for (const url of ['smtp.//user:hunter2@mta.internal', 'http://user:hunter2@mta.internal']) {
    relay(`smarthost: "${url}"`);
    const bad = await at.run('check --no-dns');
    assert.equal(bad.status, 1);
    assert.match(bad.stdout, /relay\.smarthost: ".*mta\.internal" is no smtp:\/\/HOST or smtps:\/\/HOST;/);
    assert.doesNotMatch(bad.stdout + bad.stderr, /hunter2/);
  }
  relay('smarthost: "smtps://user@mta.internal", password: { env: HUNTER_PASSWORD }');
  assert.match((await at.run('check --no-dns')).stdout, /environment variable HUNTER_PASSWORD is not set/);
  const given = await spawned(`check --no-dns -c ${at.config}`, { env: { HUNTER_PASSWORD: 'hunter2' } });
  assert.equal(given.status, 0, given.stdout);
  assert.doesNotMatch(given.stdout + given.stderr, /hunter2/);
});

test('D-OUT-5 F-AUTH-13: an account from its first password to its tombstone; no secret is kept or repeated', async () => {
  const at = place();
  const typed = (line: string, input: string): Promise<Result> =>
    spawned(`${line} -c ${at.config}`, { input });
  const added = await typed('account add Alice@EXAMPLE.org --password-stdin', `${PASSWORD}\nsecond line\n`);
  assert.deepEqual(added, { status: 0, stdout: 'added alice@example.org\n', stderr: '' });
  const made = JSON.parse(await at.good('account add bob --display-name Bob --json')) as {
    readonly login: string;
    readonly appPassword: string;
  };
  assert.equal(made.login, 'bob@example.org', 'a bare name where there is one domain');
  assert.match(made.appPassword, /^[0-9A-Z]{8}(-[0-9A-Z]+)+$/);

  for (const input of ['short\n', '', '\n'])
    assertRefused(
      await typed('account add carol --password-stdin', input),
      1,
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

  const changed = await typed('account password alice', `${PASSWORD} again\n`);
  assert.equal(changed.stdout, 'password of alice@example.org set\n');
  const asJson = await typed('account password alice --json', `${PASSWORD} again\n`);
  assert.deepEqual(JSON.parse(asJson.stdout), { login: 'alice@example.org', credential: 'password' });
  // What can't be done is told before anything is said of the password.
  for (const [line, because] of [
    ['account password carol', /there is no account carol/],
    [
      'account add alice@example.org --password-stdin',
      /alice@example\.org is the login of an account already/,
    ],
  ] as const)
    assertRefused(await typed(line, 'short\n'), 1, because, line);
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
  assert.ok(Math.abs(expiresAt - Date.now() - 90 * DAY_MS) < 60_000);

  const everything =
    stored(at.data) + (await at.good('audit export')) + (await at.good('account list --json'));
  for (const secret of [PASSWORD, text.slice(9), made.appPassword.slice(9)]) {
    assert.ok(secret.length > 20);
    assert.ok(!everything.includes(secret) && !everything.includes(secret.replaceAll('-', '')), secret);
  }
  assert.match(everything, /\$argon2id\$/);

  await at.refused(1, /no credential fax/, 'account app-password revoke alice fax');
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

  const before = await trail(at, '');
  await at.refused(1, /was removed; until retention ends/, 'account remove alice');
  await at.refused(1, /was removed; until retention ends/, 'account remove alice --yes');
  assert.deepEqual(await trail(at, ''), before, 'a removal that fails changes nothing, of others either');
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
  assert.match(text, /^limit {4}messagesPerHour 20 \(own\)\nlimit {4}recipientsPerHour 2000$/m);
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

test('an empty queue says so, and a change that means nothing is a negative answer', async () => {
  const at = place();
  for (const line of [
    'queue list',
    'account list',
    'trace x@example.org',
    'audit verify',
    'account suspend a@b.c',
  ])
    await at.refused(COULD_NOT_TELL, /there is no store in .*data: is `data:` right\?/, line);
  assert.ok(!existsSync(at.data), 'nothing is made then');
  await at.good('account add alice@example.org');
  assert.equal(await at.good('queue list'), 'the queue is empty\n');
  assert.deepEqual(JSON.parse(await at.good('queue list --json')), { deliveries: 0, entries: [] });
  for (const action of ['retry', 'hold', 'release', 'drop'])
    await at.refused(1, /nothing in the queue matches/, `queue ${action} --domain far.example`);
  await at.refused(USAGE, /name an id, a selector .*or --all/, 'queue drop --yes');
  await at.refused(1, /is not in the queue; `postern trace/, 'queue show 06FN0Z2V3W00000000000000AB');
  await at.refused(USAGE, /--max is a whole number, not "all"/, 'queue list --max all');
  for (const line of ['queue list --max 0', 'trace x@far.example --max 0'])
    await at.refused(USAGE, /--max is at least 1/, line);
  await at.refused(
    USAGE,
    /no limit messages: it is one of messagesPerHour, recipientsPerHour, nullSenderPerHour/,
    'account limit alice messages 5',
  );
  await at.refused(1, /there is no account bob/, 'queue list --identity bob');
});

test('E-Q-6 E-Q-8: the queue says why each message waits, how often it was tried, when again, and whose it is', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const { id } = await show(at, 'alice');
  const now = Date.now();
  const text = 'From: alice@example.org\r\nSubject: one\r\n\ttwo\r\n\r\nHello.\r\n';
  const accepted = acceptOf('06FN0Z2V3W00000000000000AB', now - 2 * 3_600_000, {
    ...{ identityId: id, text, to: ['bob@far.example', 'new@far.example'], owner: 'front' },
  });
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  await open.store.commit([accepted]);
  const entries = await open.lookups.queue({}, { max: 9 });
  const [first] = entries.map(({ delivery }) => delivery);
  assert.ok(first !== undefined);
  await open.store.commit([
    settleOf('front', [first], deferred(now + 35.5 * 60_000), now - 60_000),
    { type: 'free', ownerPrefix: 'front', dueAt: now + 5.5 * 60_000 },
  ]);
  open.close();

  const listed = (await at.good('queue list')).split('\n');
  assert.match(listed[0] ?? '', /^ID +AGE +STATE +TRIES +NEXT TRY +LOGIN +FROM +TO +WHY$/);
  assert.match(
    listed[1] ?? '',
    /^06FN\w+ +2 hours +deferred +1 +in 35 minutes +alice@example\.org +<alice@example\.org> +<bob@far\.example> +450 4\.2\.1 come back later$/,
  );
  assert.match(
    listed[2] ?? '',
    / new +\d +in 5 minutes .*<new@far\.example> +not tried yet: its next hop was down/,
  );
  const shown = await at.good('queue show 06fn0z2v3w00000000000000ab');
  assert.match(
    shown,
    /^06FN\w+ {2}accepted \d{4}-\S+Z, 2 hours ago {2}\d+ octets\nlogin alice@example\.org\nfrom {2}<alice@/,
  );
  assert.match(
    shown,
    /^to {4}<bob@far\.example> {2}deferred, 1 attempt\n {6}next try in 35 minutes \(\S+Z\)\n {6}last attempt \S+Z, mx\.example\.net: 450 4\.2\.1 come back later$/m,
  );
  assert.match(shown, /^Subject: one\n {4}two$/m);
  const json = JSON.parse(await at.good('queue show 06FN0Z2V3W00000000000000AB --json')) as {
    readonly login: string;
    readonly acceptedAt: string;
    readonly recipients: readonly Record<string, unknown>[];
  };
  assert.deepEqual([json.login, Date.parse(json.acceptedAt)], ['alice@example.org', now - 2 * 3_600_000]);
  const { state, attempts, why, lastAttempt } = json.recipients[0] ?? {};
  const at450 = new Date(now - 60_000).toISOString();
  const reply = '450 4.2.1 come back later';
  assert.deepEqual([state, attempts, why], ['deferred', 1, reply]);
  assert.deepEqual(lastAttempt, { at: at450, status: '4.2.1', reply, remote: 'mx.example.net' });

  await at.good('queue hold 06FN0Z2V3W00000000000000AB --yes');
  assert.match(await at.good('queue list'), / held +1 +alice@example\.org .* held by the operator$/m);
  await at.good('account suspend alice');
  assert.match(await at.good('queue list'), / held .* its account is suspended$/m);
});

test('off a terminal a change of the queue needs --yes unless it names a message, and says first how many it means', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const { id } = await show(at, 'alice');
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  const queued = ['06FN0Z2V3W00000000000000AB', '06FN0Z2V3W00000000000000AC'];
  await open.store.commit(
    queued.map((one) => acceptOf(one, Date.now(), { identityId: id, to: ['bob@far.example'] })),
  );
  open.close();
  const [first = '', second = ''] = queued;
  assert.match(await at.good(`queue hold ${first}`), /^hold means 1 recipient\nhold: 1 of 1 recipient\n$/);
  for (const selector of ['--held', '--all', `${first} --held`, `${first} --domain far.example`])
    await at.refused(USAGE, /drop means [12] recipients?: say --yes/, `queue drop ${selector}`);
  assert.match(await at.good('queue list --totals'), /2/);
  await at.refused(USAGE, /unknown option '--bounce'/, `queue hold ${first} --bounce`);
  assert.match(
    await at.good('queue drop --held --yes'),
    /^drop means 1 recipient\ndrop: 1 of 1 recipient\n$/,
  );
  const json = await at.good(`queue drop ${second} --json`);
  assert.deepEqual(JSON.parse(json), { action: 'drop', matched: 1, changed: 1 });
  assert.equal(await at.good('queue list'), 'the queue is empty\n');
});

test('D-TR-3: audit verify walks the chain, and names the event that was changed', async () => {
  const at = place();
  for (const change of ['add alice@example.org', 'add bob@example.org', 'suspend alice'])
    await at.good(`account ${change}`);
  const verified = JSON.parse(await at.good('audit verify --json')) as { events: number; lastLink: string };
  assert.equal(verified.events, 3);
  assert.equal(
    await at.good('audit verify'),
    `3 events, the chain holds (0 forgotten by retention or erasure)\nlast link ${verified.lastLink}\n`,
  );
  const db = new DatabaseSync(join(at.data, 'postern.sqlite'));
  const row = db.prepare('SELECT payload FROM event WHERE sequence = 2').get();
  const payload = Buffer.from(row?.['payload'] as Uint8Array);
  payload[payload.indexOf('bob')] = 0x4a;
  db.prepare('UPDATE event SET payload = ? WHERE sequence = 2').run(payload);
  db.close();
  await at.refused(1, /the trail is broken at event 2: its content was changed/, 'audit verify');
});

const session: SessionFacts = {
  ...({ sessionId: 's', role: 'submission', ehlo: 'c' } as const),
  ...{ clientAddress: '192.0.2.7', clientPort: 40_000, serverAddress: '192.0.2.1', serverPort: 587 },
};

/** What a server would have recorded. */
function acceptedBy(identityId: string, to: string): AcceptedPayload {
  const login = 'alice@example.org';
  const credential = { credentialId: 'password', credentialLabel: 'password', mechanism: 'PLAIN' };
  return {
    session,
    principal: { identityId, login, ...credential },
    envelope: {
      ...{ reversePath: login, smtputf8: false, body: '7BIT' },
      recipients: [{ forwardPath: to }],
    },
    ...{ rule: 'own address', withProtocol: 'ESMTPSA', headerFrom: [login], subjectOctets: 0 },
    ...{ completed: [], octets: 100, bodyHash: '00' },
  };
}

test('D-GDPR-3 D-GDPR-6: one account is exported; what is old is erased, what is young is kept, and the chain holds', async () => {
  const at = place();
  for (const name of ['alice', 'bob']) await at.good(`account add ${name}@example.org`);
  const { id } = await show(at, 'alice');
  const now = Date.now();
  const [ago, today] = ['06FN0Z2V3W00000000000000AB', '06FN0Z2V3W00000000000000AC'];
  const [old, young] = [acceptedBy(id, 'old@far.example'), acceptedBy(id, 'young@far.example')];
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  await open.store.commit([
    {
      type: 'record',
      events: [
        { type: 'accepted', time: now - 25 * DAY_MS, messageId: ago, identityId: id, payload: old },
        { type: 'accepted', time: now, messageId: today, identityId: id, payload: young },
      ],
    },
  ]);
  open.close();
  const mine = await trail(at, '--identity alice');
  assert.deepEqual(
    mine.map(({ type }) => type),
    ['identityChanged', 'accepted', 'accepted'],
  );
  assert.ok(mine.every(({ identityId }) => identityId === id));
  assert.match(await at.good(`trace ${ago}`), /who {7}alice@example\.org[\s\S]*to {8}<old@far\.example>/);

  const day = (daysAgo: number): string => new Date(now - daysAgo * DAY_MS).toISOString().slice(0, 10);
  const floor = /younger than 7 days plus relay\.expire must stay traceable/;
  await at.refused(1, floor, `audit erase --identity alice --before ${day(8)}`);
  await at.refused(USAGE, /is no date such as/, 'audit erase --identity alice --before yesterday');
  await at.refused(USAGE, /name --identity or --address/, `audit erase --before ${day(20)}`);
  await at.refused(USAGE, /--before <date>' not specified/, 'audit erase --identity alice');
  const erased = await at.good(`audit erase --identity alice --before ${day(20)}`);
  assert.match(erased, /^1 events forgotten, 2 kept because they are younger/);
  assert.doesNotMatch(stored(at.data), /old@far\.example/);
  assert.match(await at.good('audit verify'), /the chain holds \(1 forgotten/);
  await at.refused(1, /the trail knows nothing/, 'trace old@far.example');
  assert.match(await at.good('trace young@far.example'), /who {7}alice@example\.org/);
  assert.match(await at.good(`trace ${ago}`), /its record was forgotten/);
  const events = await trail(at);
  assert.ok(events.some(({ type, payload }) => type === 'erased' && payload?.by === byOperator));
  await at.refused(USAGE, /"x" is no place in the trail/, 'audit export --after x');
  assert.deepEqual((await trail(at, '--after 3')).length, events.length - 3);
});

const byOperator = `${userInfo().username} (command line)`;

test('D-TR-5: every look-up is recorded with who asked and why; without a reason it is refused where one is asked for', async () => {
  const at = place('audit: { requireReason: true }');
  makeStore(at);
  const refused = /say why with --reason TEXT: .*audit\.requireReason/;
  await at.refused(USAGE, refused, 'trace x@far.example');
  await at.refused(USAGE, refused, "trace x@far.example --reason ''");
  await at.refused(USAGE, refused, 'audit export');
  assert.deepEqual(await trail(at, '--reason test'), [], 'nothing was looked up');
  await at.refused(
    1,
    /the trail knows nothing of x@far\.example/,
    "trace x@far.example --reason 'ticket 4711'",
  );
  const [event, ...others] = await trail(at, '--reason test');
  assert.deepEqual(others, []);
  assert.equal(event?.type, 'lookedUp');
  assert.deepEqual(event?.payload, {
    by: byOperator,
    action: 'trace',
    detail: { question: 'x@far.example', reason: 'ticket 4711', found: 0 },
  });
});

test('a trace of what never passed here is a negative answer, of what names nothing a mistake', async () => {
  const at = place();
  makeStore(at);
  const empty = join(at.directory, 'empty.eml');
  writeFileSync(empty, '');
  for (const what of [
    'x@far.example',
    '<a@b.example>',
    `<${'a'.repeat(5000)}@b.example>`,
    '06FN0Z2V3W00000000000000AB',
    '0123456789abcdef',
    '0123456789abcdef.client.msa.example.org',
  ])
    await at.refused(1, /the trail knows nothing of/, `trace ${what}`);
  await at.refused(1, /it names no message of this server/, `trace ${empty}`);
  const nothing = /is no id, label, Message-ID or address, there is no such account, and no such file/;
  for (const what of ["''", 'word']) await at.refused(USAGE, nothing, `trace ${what}`);
  await at.refused(USAGE, /there is a directory: name a file in it/, `trace ${at.directory}`);
  await at.refused(USAGE, /there is a pipe or a device: write the message to a file/, 'trace /dev/zero');
  await at.refused(USAGE, /--max is a whole number/, 'trace x@far.example --max many');
  await at.refused(USAGE, /--since is a time such as/, 'trace x@far.example --since yesterday');
  await at.refused(USAGE, /--ip is an address/, 'trace x@far.example --ip localhost');
  const json = await at.run('trace x@far.example --json');
  assert.equal(json.status, 1);
  assert.deepEqual(JSON.parse(json.stdout), { messages: [], refusals: [], more: false });
});

test('a backup of a stopped server is restored elsewhere, and never over a store', async () => {
  const [from, to] = [place(), place()];
  await from.good('account add alice@example.org');
  const file = join(from.directory, 'backup.db');
  assert.match(await from.good(`backup ${file}`), /: 0 queued messages and 2 events; read again/);
  assert.equal(statSync(file).mode & 0o077, 0, 'nobody else may read it');
  assert.match(
    await to.good(`restore ${file}`),
    /^its chain holds, last link [0-9a-f]{64}\nrestored 0 queued messages and 2 events into /,
  );
  assert.deepEqual(await show(to, 'alice'), await show(from, 'alice'));
  for (const [at, line] of [
    [to, `restore ${file}`],
    [from, `backup ${file}`],
  ] as const)
    assert.notEqual((await at.run(line)).status, 0, line);
  assert.equal((await show(to, 'alice')).state, 'active');
});

test('D-TR-3: a backup whose trail was changed is not restored, but for who says so', async () => {
  const [from, to] = [place(), place()];
  for (const name of ['alice', 'bob', 'carla']) await from.good(`account add ${name}@example.org`);
  const file = join(from.directory, 'backup.db');
  await from.good(`backup ${file}`);
  const db = new DatabaseSync(file);
  db.exec('DELETE FROM event WHERE sequence = 2');
  db.close();
  await to.refused(1, /broken at event 3: event 2 is missing; .*--despite-broken-trail/, `restore ${file}`);
  assert.deepEqual(
    readdirSync(to.data).filter((name) => name.startsWith('postern.sqlite')),
    [],
  );
  assert.match(
    await to.good(`restore ${file} --despite-broken-trail`),
    /broken at event 3: .*; it is restored as it is\nrestored 0 queued messages/,
  );
  await to.refused(1, /broken at event 3/, 'audit verify');
});

test('what can not be told is 3: the directory is in use, the store is newer', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const unlock = lockDataDirectory(at.data);
  const list = `account list -c ${at.config}`;
  await at.refused(COULD_NOT_TELL, /starting or stopping/, `restore ${at.config}`);
  const inUse = /a server is starting or stopping on .*data, or another command .*: try again/;
  assertRefused(await spawned(list), COULD_NOT_TELL, inUse, list);
  unlock();
  assert.equal((await spawned(list)).status, 0);
  for (const command of ['status', 'reload'])
    await at.refused(1, /no server runs on this data directory/, command);
  const db = new DatabaseSync(join(at.data, 'postern.sqlite'));
  db.exec('PRAGMA user_version = 999');
  db.close();
  await at.refused(COULD_NOT_TELL, /written by a newer Postern \(format 999/, 'account list');
});

test('beside a running server a file that is broken stops only what needs it', async (t) => {
  const at = place();
  await at.good('account add alice@example.org');
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  t.after(() => open.close());
  await open.store.commit([
    acceptOf('06FN0Z2V3W00000000000000AB', Date.now(), {
      ...{ identityId: (await open.lookups.identityByLogin('alice@example.org'))?.id ?? '' },
      ...{ text: 'From: alice@example.org\r\n\r\nHello.\r\n', to: ['bob@far.example'] },
    }),
  ]);
  const never = () => Promise.reject(new Error('not asked here'));
  const loaded = loadConfig(at.config);
  const close = await startControl(at.data, {
    administration: administrationPorts({
      ...{ store: open.store, lookups: open.lookups, loaded: () => loaded, copy: never },
    }),
    ...{ clock: systemClock, status: never, reload: never, notTaken: () => undefined },
  });
  t.after(() => close());
  writeFileSync(at.config, 'hostname: msa.example.org\ndomains: [example.org]\ndata: ./data\nlistners: []\n');
  for (const [line, said] of [
    ['account suspend alice@example.org', /is suspended/],
    ['account list', /alice@example\.org +suspended/],
    ['queue hold --all --yes', /1 recipient/],
    ['queue release --identity alice@example.org --yes', /1 recipient/],
    ['audit verify', /the chain holds/],
    ['account add bob@example.org', /added bob@example\.org/],
  ] as const) {
    const { status, stdout, stderr } = await at.run(line);
    assert.equal(status, 0, `${line}: ${stderr}`);
    assert.match(stdout, said);
    assert.match(
      stderr,
      /unknown key "listners"[^\n]*\n(.*\n)*postern: the server runs on with what it read before/,
    );
  }
  await at.refused(USAGE, /listners/, 'explain --as alice@example.org --from alice@example.org');
});

test('mistakes of usage are 2, and say what would be right', async () => {
  const at = place();
  makeStore(at);
  for (const [line, because] of [
    ['account list --jsn', /unknown option '--jsn'/],
    ['acount list', /unknown command 'acount'\n\(Did you mean account\?\)/],
    ['account show', /missing required argument 'login'/],
    ['account show alice bob', /too many arguments/],
    ['account app-password add alice', /--label <text>' not specified/],
  ] as const)
    await at.refused(USAGE, because, line);
  const unknown = await spawned(`account list --jsn -c ${at.config}`);
  assertRefused(unknown, USAGE, /unknown option '--jsn'/, 'account list --jsn');
  const wrong = join(at.directory, 'no-such.yaml');
  for (const line of [
    `-c ${wrong} account list`,
    `account -c ${wrong} list`,
    `account list -c ${wrong}`,
    `check -c ${wrong}`,
  ]) {
    const result = await postern(line);
    assertRefused(result, USAGE, /no-such\.yaml: there is no such file/, line);
    assert.equal(result.stdout, '');
  }
  const env = { POSTERN_CONFIG: at.config };
  assert.equal((await spawned('account list', { env })).status, 0);
  assertRefused(await spawned(`account list -c ${wrong}`, { env }), USAGE, /no-such/, '-c wins');
  assert.equal((await spawned('account list', { cwd: at.directory })).status, 0, './postern.yaml');
});

test('the help of every command shows an example that begins with its own name', async () => {
  const seen: string[] = [];
  let level: readonly string[] = [''];
  while (level.length > 0) {
    const below: string[] = [];
    for (const command of level) {
      const { status, stdout, stderr } = await postern(`${command} --help`);
      assert.deepEqual([status, stderr], [0, ''], command);
      const example = /\nExamples?:\n((?: {2}.*\n?)+)/.exec(stdout)?.[1] ?? '';
      assert.match(example, new RegExp(`\\bpostern ${command}`), `postern ${command} --help`);
      // `send` has a configuration of its own.
      assert.match(stdout, command === 'send' ? /-C, --config FILE/ : /-c, --config <file>/);
      const commands = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(stdout)?.[1] ?? '';
      for (const [, name = ''] of commands.matchAll(/^ {2}([a-z][a-z-]*)/gm))
        if (name !== 'help') below.push(`${command} ${name}`.trim());
    }
    seen.push(...level);
    level = below;
  }
  for (const name of ['serve', 'account app-password revoke', 'queue drop', 'audit erase', 'restore'])
    assert.ok(seen.includes(name), name);
  assert.ok(seen.length >= 30, seen.join(', '));
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    readonly version: string;
  };
  assert.deepEqual(await postern('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
});
