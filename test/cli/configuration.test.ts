// A configuration is made, judged, and refused where it is unsafe; keys are made beside it.

import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { freshDatabase, withoutPostgres } from '../postgres/database.ts';
import { assertRefused, CONFIG, COULD_NOT_TELL, place, postern, root, spawned, USAGE } from './place.ts';

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
  const checked = await postern(`check --no-dns -c ${config}`);
  assert.equal(checked.status, 0, checked.stderr);
  assert.match(made.stdout, /Mail is signed \(DKIM\) from the first one on: publish the keys/);
  assert.match(checked.stdout, /is good: the policy refuses every hostile probe, with 1 warning/);
  const { stdout } = await postern(`check --no-dns --json -c ${config}`);
  const { warnings, ...found } = JSON.parse(stdout) as { warnings: string[] };
  assert.deepEqual(found, { file: config, store: `embedded, in ${target}/data`, problems: [] });
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
  const added = await postern(`account add alice@example.com -c ${config}`);
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
  for (const [number, { line, because }] of unsafe.entries()) {
    const at = place(line);
    const checked = await at.run('check --no-dns');
    assert.match(checked.stdout, because);
    assertRefused(checked, 1, /1 problem: this configuration must not be served/, 'check --no-dns');
    const { problems } = JSON.parse((await at.run('check --no-dns --json')).stdout);
    assert.match(problems.join(), because);
    await at.refused(USAGE, because, 'account list');
    // What `serve` reads with; that it ends is shown once, because it takes a process.
    assert.throws(() => loadConfig(at.config), because);
    if (number === 0) assertRefused(await spawned(`serve -c ${at.config}`), CONFIG, because, 'serve');
    assert.ok(!existsSync(at.data), 'it was refused before anything was opened');
  }
});

test('F-OPS-1: check looks into the files, and tells no secret', async () => {
  const at = place();
  const [cert, key] = [join(at.directory, 'cert.pem'), join(at.directory, 'key.pem')];
  const missing = await at.run('check --no-dns');
  assert.equal(missing.status, 1);
  assert.match(missing.stdout, /^problem: tls: .*cert\.pem: there is no such file/);
  assert.match(missing.stderr, /1 problem: this configuration must not be served/);
  assert.match(
    await at.good('check --no-dns --role relay'),
    /is good/,
    'who only relays needs no certificate',
  );
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

/** What `check` says of a store, in a configuration that is good otherwise. */
async function checkedWith(...lines: readonly string[]) {
  const made = join(root, 'made-for-store');
  if (!existsSync(made)) {
    const { status, stderr } = await postern(
      `init ${made} --hostname msa.example.org --no-account --no-dkim`,
    );
    assert.equal(status, 0, stderr);
  }
  const at = place(...lines);
  for (const name of ['cert.pem', 'key.pem']) copyFileSync(join(made, name), join(at.directory, name));
  return at.run('check --no-dns');
}

test('check says where the store would be, and what keeps it from being there', async () => {
  const embedded = await checkedWith();
  assert.equal(embedded.status, 0, embedded.stdout);
  assert.match(embedded.stdout, /^store: embedded, in \/.*\/data$/m);
  const nobody = await checkedWith('node: mail1', 'store: { postgres: postgres://127.0.0.1:1/queue }');
  assertRefused(nobody, 1, /1 problem: this configuration must not be served/, 'check --no-dns');
  assert.match(
    nobody.stdout,
    /^store: database queue of PostgreSQL at 127\.0\.0\.1:1, of which this is node mail1$/m,
  );
  assert.match(nobody.stdout, /^problem: store: .*127\.0\.0\.1:1: nobody listens there$/m);
  const secretless = await checkedWith('store: { postgres: { hosts: [db1], password: { env: HUNTER } } }');
  assert.match(
    secretless.stdout,
    /^problem: store\.postgres\.password: the environment variable HUNTER is not set$/m,
  );
});

test(
  'check asks a PostgreSQL what a start would ask, and makes nothing there',
  { skip: withoutPostgres },
  async () => {
    // It serves tests: it syncs nothing, and so a server would not start on it.
    await using database = await freshDatabase();
    const lines = ['node: mail1', `store: { postgres: "${database.url}" }`];
    const { status, stdout } = await checkedWith(...lines);
    assert.equal(status, 1, stdout);
    assert.match(
      stdout,
      /^problem: store: PostgreSQL can't keep the store: fsync is off: set it to on[^;]*$/m,
    );
    assert.match(
      stdout,
      /^store: database test_\w+ of PostgreSQL at .*, of which this is node mail1; it holds no store yet: .*`postern store copy`/m,
    );
    const at = place(...lines);
    await at.refused(
      COULD_NOT_TELL,
      /there is no store in database test_\w+ of .*: is `store:` right\?/,
      'queue list',
    );
    await at.refused(USAGE, /restore it as PostgreSQL was backed up/, `restore ${join(root, 'no.db')}`);
  },
);
