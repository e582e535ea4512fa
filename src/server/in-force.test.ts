import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig } from '../config/load.ts';
import { onlyRoles, type Role } from '../config/roles.ts';
import { createLog } from '../observe/log.ts';
import type { FrontPlan } from './plan.ts';
import { makeCertificate } from '../cli/certificate.ts';
import { makeDkimKey } from '../cli/dkim.ts';
import { InForce } from './in-force.ts';

async function inForce(t: TestContext, roles?: readonly Role[], more = '') {
  const directory = mkdtempSync(join(tmpdir(), 'postern-in-force-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  const pair = await makeCertificate(['msa.example.org'], []);
  writeFileSync(path('cert.pem'), pair.cert);
  writeFileSync(path('key.pem'), pair.key, { mode: 0o600 });
  writeFileSync(path('db-password'), 'one', { mode: 0o600 });
  await makeDkimKey(path('dkim.pem'), 'ed25519');
  writeFileSync(
    path('postern.yaml'),
    `hostname: msa.example.org
domains: [example.org]
tls: { cert: cert.pem, key: key.pem }
dkim: [{ domain: example.org, selector: s1, key: dkim.pem }]
relay: { files: ./out }
${more}`,
  );
  const lines: string[] = [];
  const told: FrontPlan[] = [];
  const made = new InForce(
    onlyRoles(loadConfig(path('postern.yaml')), roles),
    1,
    createLog('info', { write: (line) => lines.push(line) }),
  );
  made.tells = async (plan) => void told.push(plan);
  const refusals = (): number => lines.filter((line) => line.includes('reload refused')).length;
  return { made, path, pair, told, refusals };
}

/** As certbot and its kin do: new files take the place of the old ones. */
function replace(path: string, content: string, mode: number): void {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
}

test('TLS-r: a renewed key that its hook makes usable only afterwards is taken then; until that the old pair stays and health shows it', async (t) => {
  const { made, path, told, refusals } = await inForce(t);
  const next = await makeCertificate(['msa.example.org'], []);
  replace(path('cert.pem'), next.cert, 0o644);
  replace(path('key.pem'), next.key, 0o644);
  const { mtime, atime } = statSync(path('key.pem'));
  await made.lookAtFiles();
  assert.match(made.problems.join(), /key\.pem: it is readable by everybody/);
  await made.lookAtFiles();
  await made.lookAtFiles();
  assert.deepEqual([told.length, refusals()], [0, 1], 'told once, tried again and again');
  chmodSync(path('key.pem'), 0o600);
  utimesSync(path('key.pem'), atime, mtime);
  await made.lookAtFiles();
  assert.deepEqual(made.problems, []);
  assert.deepEqual(
    told.map(({ certificates }) => certificates),
    [[next]],
  );
  assert.deepEqual(made.plan.certificates, [next]);
  await made.lookAtFiles();
  assert.equal(told.length, 1, 'what has not changed is not taken again');
});

test('TLS-r: another file, another content of the same time, other rights: each is looked at; a DKIM key as well', async (t) => {
  const { made, path, pair, told } = await inForce(t);
  const before = statSync(path('key.pem'));
  replace(path('key.pem'), pair.key, 0o600);
  utimesSync(path('key.pem'), before.atime, before.mtime);
  await made.lookAtFiles();
  assert.equal(told.length, 1, 'another inode with the same times and content');
  chmodSync(path('dkim.pem'), 0o640);
  await made.lookAtFiles();
  assert.equal(told.length, 2, 'other rights');
  rmSync(path('dkim.pem'));
  await made.lookAtFiles();
  assert.match(made.problems.join(), /dkim\.pem/);
  assert.equal(told.length, 2);
  await makeDkimKey(path('dkim.pem'), 'ed25519');
  await made.lookAtFiles();
  assert.deepEqual([made.problems, told.length], [[], 3]);
  assert.notEqual(told[2]?.dkim[0]?.pem, told[1]?.dkim[0]?.pem);
});

test('5321-aj: files that change take no half-edited configuration with them, and clear no problem of it', async (t) => {
  const { made, path, told } = await inForce(t);
  const good = readFileSync(path('postern.yaml'), 'utf8');
  writeFileSync(path('postern.yaml'), `${good}hostnam: x\n`);
  assert.match((await made.reload()).problems.join(), /hostnam/);
  const next = await makeCertificate(['msa.example.org'], []);
  replace(path('cert.pem'), next.cert, 0o644);
  replace(path('key.pem'), next.key, 0o600);
  await made.lookAtFiles();
  assert.equal(told.length, 1);
  assert.match(made.problems.join(), /hostnam/);
  writeFileSync(path('postern.yaml'), good.replace('hostname: msa', 'hostname: mail'));
  await made.lookAtFiles();
  assert.equal(made.loaded.config.hostname, 'msa.example.org', 'nobody asked for a reload');
  assert.deepEqual((await made.reload()).problems, []);
  assert.equal(made.loaded.config.hostname, 'mail.example.org');
});

test('5321-aj: a reload that was refused for a file is tried again when the file is there', async (t) => {
  const { made, path, told } = await inForce(t);
  const text = readFileSync(path('postern.yaml'), 'utf8').replace('key.pem', 'other.pem');
  writeFileSync(path('postern.yaml'), text);
  assert.match((await made.reload()).problems.join(), /other\.pem/);
  assert.equal(told.length, 0);
  renameSync(path('key.pem'), path('other.pem'));
  await made.lookAtFiles();
  assert.deepEqual([made.problems, told.length], [[], 1]);
});

test('5321-aj: keys that count after a restart only are remembered until the file has the old ones again', async (t) => {
  const { made, path } = await inForce(t);
  const text = readFileSync(path('postern.yaml'), 'utf8');
  writeFileSync(path('postern.yaml'), `${text}threads: { fronts: 7 }\n`);
  assert.deepEqual(await made.reload(), { problems: [], needsRestart: ['threads'] });
  chmodSync(path('dkim.pem'), 0o640);
  await made.lookAtFiles();
  writeFileSync(path('postern.yaml'), `${text}threads: [\n`);
  assert.equal((await made.reload()).problems.length, 1);
  assert.deepEqual(made.needsRestart, ['threads'], 'neither files nor a refusal change it');
  writeFileSync(path('postern.yaml'), text);
  await made.reload();
  assert.deepEqual(made.needsRestart, []);
});

test('TLS ticket keys are renewed whatever became of the files, which are not looked at for it', async (t) => {
  const { made, path, pair, told } = await inForce(t);
  const before = made.plan;
  rmSync(path('key.pem'));
  const ticketKeys = new Uint8Array(48).fill(1);
  await made.renewTicketKeys(ticketKeys);
  assert.equal(told.length, 1);
  assert.deepEqual(made.plan, told[0]);
  assert.deepEqual(made.plan, { ...before, ticketKeys });
  replace(path('key.pem'), pair.key, 0o600);
  made.tells = () => Promise.reject(new Error('a front does not answer'));
  await made.renewTicketKeys(new Uint8Array(48));
  assert.deepEqual(made.plan.ticketKeys, ticketKeys, 'what was told to nobody is not in force');
});

test('5321-aj: the authorities and passwords of next hops are taken when they change, like certificates', async (t) => {
  const { made, path, pair, told } = await inForce(t);
  const files = { 'ca.pem': pair.cert, password: 'one', 'password.route': 'two' };
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text, { mode: 0o600 });
  const text = readFileSync(path('postern.yaml'), 'utf8').replace(
    'relay: { files: ./out }',
    'relay: { smarthost: "smtp://me@mta", password: { file: password }, ca: ca.pem, routes: { a.example: { smarthost: "smtp://me@a", password: { file: password.route } } } }',
  );
  writeFileSync(path('postern.yaml'), text);
  await made.reload();
  await made.lookAtFiles();
  assert.deepEqual([made.problems, told.length], [[], 1]);
  for (const [at, name] of Object.keys(files).entries()) {
    replace(path(name), `${files[name as keyof typeof files]} renewed`, 0o600);
    await made.lookAtFiles();
    assert.deepEqual([name, made.problems, told.length], [name, [], at + 2]);
  }
  assert.match(JSON.stringify(made.plan.relay), /"one renewed".*"two renewed"/);
});

const LISTENERS = 'listeners: [{ port: 587 }, { port: 25, role: mx, tls: starttls }]';

test('a reload takes what the roles of this node serve, and a restart is needed for what they do', async (t) => {
  const { made, path, pair } = await inForce(t, ['mx', 'relay'], LISTENERS);
  assert.deepEqual(
    made.plan.listeners.map(({ port }) => port),
    [25],
  );
  const text = readFileSync(path('postern.yaml'), 'utf8');
  const reload = async (listeners: string): Promise<readonly string[]> => {
    writeFileSync(path('postern.yaml'), text.replace(LISTENERS, listeners));
    const { problems, needsRestart } = await made.reload();
    assert.deepEqual(problems, []);
    return needsRestart;
  };
  assert.deepEqual(await reload(LISTENERS), []);
  assert.deepEqual(
    await reload(LISTENERS.replace('port: 587', 'port: 587, address: 127.0.0.1')),
    [],
    "another node's",
  );
  assert.deepEqual(await reload(LISTENERS.replace('tls: starttls', 'tls: none')), ['listeners']);
  assert.deepEqual(made.plan.certificates, [pair], 'the listener that runs still has TLS');
});

test('a password of the store that changed in its file needs a restart, whoever finds it, until it is as before', async (t) => {
  const store = 'store: { postgres: { hosts: [db1], password: { file: db-password } } }';
  const { made, path } = await inForce(t, undefined, `node: mail1\n${store}`);
  await made.lookAtFiles();
  assert.deepEqual((await made.reload()).needsRestart, []);
  replace(path('db-password'), 'two', 0o600);
  await made.lookAtFiles();
  assert.deepEqual(made.needsRestart, ['store']);
  assert.deepEqual(await made.reload(), { problems: [], needsRestart: ['store'] });
  replace(path('db-password'), 'one', 0o644);
  assert.match((await made.reload()).problems.join(), /^store\.postgres\.password: .* readable by everybody/);
  replace(path('db-password'), 'one', 0o600);
  assert.deepEqual(await made.reload(), { problems: [], needsRestart: [] });
});

test('a node that does not relay reads no password of a next hop', async (t) => {
  const more = 'store: { postgres: "postgres://db/mail" }';
  const { made, path } = await inForce(t, ['submission'], more);
  const relay = 'relay: { smarthost: "smtp://me@mta", password: { file: nowhere }, ca: nowhere.pem }';
  const text = readFileSync(path('postern.yaml'), 'utf8').replace('relay: { files: ./out }', relay);
  writeFileSync(path('postern.yaml'), text);
  assert.deepEqual((await made.reload()).problems, []);
  await made.lookAtFiles();
  assert.deepEqual([made.problems, made.plan.relay], [[], undefined]);
});
