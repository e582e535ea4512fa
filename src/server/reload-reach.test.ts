// Whom a reload tells of each setting: the fronts and the lookup thread by their plan, the store by its limits, or the operator, that it needs a restart. What is
// left is read by main each time it is needed. A setting that no row here changes may be forgotten by a reload.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { referencePage } from '../config/document.ts';
import { loadConfig } from '../config/load.ts';
import { createLog } from '../observe/log.ts';
import { makeCertificate } from '../cli/certificate.ts';
import { makeDkimKey } from '../cli/dkim.ts';
import { InForce } from './in-force.ts';

type Settings = Readonly<Record<string, unknown>>;
type Told = 'fronts' | 'store' | 'restart';

const listeners = [
  { port: 587, role: 'submission', tls: 'starttls', address: '127.0.0.1' },
  { port: 465, role: 'submission', tls: 'implicit', address: '127.0.0.1' },
  { port: 25, role: 'mx', tls: 'starttls', address: '127.0.0.1' },
];
const dkim = { domain: 'example.org', selector: 's1', key: 'dkim.pem' };
const postgres = {
  ...{ hosts: ['db1', 'db2'], port: 5433, database: 'mail', user: 'mail' },
  ...{ password: { file: 'password' }, tls: 'verify', ca: 'cert.pem', durability: 'replicated' },
};
const services = [{ osUser: '4321', identity: 'backup' }];
const there: Settings = {
  ...{ hostname: 'msa.example.org', domains: ['example.org', 'example.com'], listeners, dkim: [dkim] },
  ...{ tls: { cert: 'cert.pem', key: 'key.pem' }, local: { services }, web: { port: 443 } },
  relay: { smarthost: 'smtp://me@mta', password: { file: 'password' } },
};

/** A change, and who is told of it. */
const rows: readonly (readonly [change: Settings, told: readonly Told[]])[] = [
  [{ hostname: 'mail.example.org' }, ['fronts']],
  [{ domains: ['example.org', 'example.net'] }, ['fronts']],
  [{ data: './elsewhere' }, ['restart']],
  [{ store: { postgres: 'postgres://db1/postern' } }, ['restart']],
  [{ store: { postgres } }, ['restart']],
  [{ node: 'mail1' }, ['restart']],
  [{ tls: { cert: 'cert2.pem', key: 'key2.pem' } }, ['fronts']],
  [{ listeners: [{ port: 588, role: 'mx', tls: 'none', address: '127.0.0.2' }, ...listeners] }, ['restart']],
  [{ listeners: [{ ...listeners[0], proxy: ['10.0.0.0/24'] }, ...listeners.slice(1)] }, ['restart']],
  [{ mechanisms: ['PLAIN'] }, ['fronts']],
  [{ relay: { smarthost: 'smtp://me@mta2' } }, ['fronts']],
  [{ relay: { password: { file: 'password2' } } }, ['fronts']],
  [{ relay: { password: 'another' } }, ['fronts']],
  [{ relay: { smarthost: undefined, password: undefined, lmtp: 'unix:/run/lmtp' } }, ['fronts']],
  [{ relay: { smarthost: undefined, password: undefined, files: './out' } }, ['fronts']],
  [{ relay: { smarthost: 'smtp://mta', password: undefined, tls: 'required' } }, ['fronts']],
  [{ relay: { ca: 'cert.pem' } }, ['fronts']],
  [{ relay: { retry: ['1m'] } }, ['fronts']],
  [{ relay: { expire: '4d' } }, ['fronts']],
  [{ relay: { delayNotice: '1h' } }, ['fronts']],
  [{ relay: { connections: 7 } }, ['fronts']],
  [{ relay: { routes: { 'a.example': { smarthost: 'smtp://b@a', password: 'x' } } } }, ['fronts']],
  [
    { relay: { routes: { 'a.example': { smarthost: 'smtp://b@a', password: { file: 'password' } } } } },
    ['fronts'],
  ],
  [{ relay: { routes: { 'a.example': { lmtp: 'lmtp://a', tls: 'required' } } } }, ['fronts']],
  [{ relay: { routes: { 'a.example': { files: './out' } } } }, ['fronts']],
  [{ mailboxes: ['list@example.org'] }, ['fronts']],
  [{ postmaster: 'root@example.org' }, ['fronts']],
  [{ dkim: [{ ...dkim, domain: 'example.com' }] }, ['fronts']],
  [{ dkim: [{ ...dkim, selector: 's2' }] }, ['fronts']],
  [{ dkim: [{ ...dkim, key: 'dkim2.pem' }] }, ['fronts']],
  [{ dkim: [{ ...dkim, required: false }] }, ['fronts']],
  [{ dkim: [{ ...dkim, headers: ['list-id'] }] }, ['fronts']],
  [{ received: 'full' }, ['fronts']],
  [{ displayNames: 'allow' }, ['fronts']],
  [{ limits: { message: '1MiB' } }, ['fronts']],
  [{ limits: { header: '64KiB' } }, ['fronts']],
  [{ limits: { recipients: 200 } }, ['fronts']],
  [{ limits: { receivedHops: 50 } }, ['fronts']],
  [{ limits: { longLines: { submission: 'pass' } } }, ['fronts']],
  [{ limits: { longLines: { mx: 'refuse' } } }, ['fronts']],
  [{ limits: { unauthenticatedPerNetwork: 7 } }, ['fronts']],
  [{ limits: { newConnections: 'none' } }, ['fronts']],
  [{ limits: { connectionsPerIdentity: 7 } }, ['fronts']],
  [{ limits: { connections: 70 } }, ['fronts']],
  [{ limits: { strangersShare: 0.2 } }, ['fronts', 'store']],
  [{ limits: { exempt: ['127.0.0.0/8'] } }, ['fronts']],
  [{ limits: { errors: { beforeAuth: 7 } } }, ['fronts']],
  [{ limits: { errors: { afterAuth: 70 } } }, ['fronts']],
  [{ limits: { errors: { authentications: 7 } } }, ['fronts']],
  [{ limits: { identity: { messagesPerHour: 7 } } }, ['fronts']],
  [{ limits: { identity: { recipientsPerHour: 7 } } }, ['fronts']],
  [{ limits: { identity: { nullSenderPerHour: 7 } } }, ['fronts']],
  [{ limits: { freeSpace: { share: 0.2 } } }, ['store']],
  [{ limits: { freeSpace: { size: '1MiB' } } }, ['store']],
  [{ limits: { queuedMessages: 7 } }, ['store']],
  [{ limits: { incomingMemory: '32MiB' } }, ['fronts']],
  [{ limits: { relayMemory: '32MiB' } }, ['fronts']],
  [{ timeouts: { beforeAuth: '7s' } }, ['fronts']],
  [{ timeouts: { login: '70s' } }, ['fronts']],
  [{ timeouts: { tlsHandshake: '7s' } }, ['fronts']],
  [{ timeouts: { idle: '70s' } }, ['fronts']],
  [{ timeouts: { reply: '70s' } }, ['fronts']],
  [{ http: { address: '127.0.0.2' } }, ['restart']],
  [{ http: { port: 8588 } }, ['restart']],
  [{ local: { socket: '/run/other.sock' } }, ['restart']],
  [{ web: { port: 444 } }, ['restart']],
  [{ web: { address: '127.0.0.2' } }, ['restart']],
  [{ web: { tls: false, address: '127.0.0.2' } }, ['restart']],
  [
    { console: { address: '::1', port: 8589, tls: true, origin: 'https://console.example.org' } },
    ['restart'],
  ],
  [{ log: { level: 'warn' } }, ['fronts']],
  [{ threads: { fronts: 7 } }, ['restart']],
];

const imap = { host: 'imap.example.org', port: 143, tls: 'starttls' };
/** Read from the configuration in force each time: by whoever keeps retention, prints the log, binds local users and answers for the web. */
const readByMain: readonly Settings[] = [
  { audit: { retention: '60d' } },
  { audit: { requireReason: true } },
  { drain: { announce: '5s' } },
  { local: { services: [{ osUser: '4322', identity: 'other' }] } },
  { log: { format: 'json' } },
  { onboarding: { displayName: 'Mail' } },
  { onboarding: { imap, pop3: imap } },
  { onboarding: { help: 'https://help.example.org/' } },
  { onboarding: { spf: 'v=spf1 -all' } },
  { onboarding: { pacc: 'smtp' } },
  { onboarding: { mtaSts: { mode: 'none', mx: ['mx.example.org'], maxAge: '8d' } } },
];

const directory = mkdtempSync(join(tmpdir(), 'postern-reload-'));
const at = (name: string): string => join(directory, name);

before(async () => {
  for (const n of ['', '2']) {
    const pair = await makeCertificate(['msa.example.org', 'mail.example.org'], []);
    writeFileSync(at(`cert${n}.pem`), pair.cert);
    writeFileSync(at(`key${n}.pem`), pair.key, { mode: 0o600 });
    await makeDkimKey(at(`dkim${n}.pem`), 'ed25519');
    writeFileSync(at(`password${n}`), `password${n}`, { mode: 0o600 });
  }
});
after(() => rmSync(directory, { recursive: true }));

/** What is undefined is left out. */
function merged(one: Settings, change: Settings): Settings {
  const entries = Object.entries(change).map(([key, value]) => {
    const old = one[key];
    return [key, isGroup(value) && isGroup(old) ? merged(old, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
}

const isGroup = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function toldOf(change: Settings): Promise<{ told: readonly Told[]; isTaken: boolean }> {
  const file = at('postern.yaml');
  writeFileSync(file, JSON.stringify(there));
  const inForce = new InForce(loadConfig(file), 1, createLog('error', { write: () => undefined }));
  const said: { readonly fronts: string; readonly store: string }[] = [];
  inForce.tells = async (plan, limits) => {
    said.push({ fronts: JSON.stringify(plan), store: JSON.stringify(limits) });
  };
  await inForce.reload();
  writeFileSync(file, JSON.stringify(merged(there, change)));
  const before = JSON.stringify(inForce.loaded.config);
  const { problems, needsRestart } = await inForce.reload();
  assert.deepEqual(problems, []);
  const [one, other] = said;
  const differs = (['fronts', 'store'] as const).filter((whom) => one?.[whom] !== other?.[whom]);
  return {
    told: [...differs, ...(needsRestart.length > 0 ? (['restart'] as const) : [])],
    isTaken: JSON.stringify(inForce.loaded.config) !== before,
  };
}

/** `dkim[].key`, `relay.routes.DOMAIN.tls`, as the reference page has it. */
function keysOf(value: unknown, prefix = ''): readonly string[] {
  if (Array.isArray(value)) return [prefix, ...value.flatMap((one) => keysOf(one, `${prefix}[]`))];
  if (!isGroup(value)) return [prefix];
  const inner = Object.entries(value).flatMap(([name, child]) => {
    const key = prefix === 'relay.routes' ? 'DOMAIN' : name;
    return child === undefined ? [] : keysOf(child, prefix === '' ? key : `${prefix}.${key}`);
  });
  return [prefix, ...inner];
}

for (const [change, told] of rows)
  test(`a reload with another ${JSON.stringify(change)} tells ${told.join(' and ')}`, async () => {
    assert.deepEqual((await toldOf(change)).told, told);
  });

for (const change of readByMain)
  test(`a reload with another ${JSON.stringify(change)} is read by main`, async () => {
    assert.deepEqual(await toldOf(change), { told: [], isTaken: true });
  });

test('each setting is changed by one of these reloads', () => {
  const changed = new Set(
    [...rows.map(([change]) => change), ...readByMain].flatMap((change) => keysOf(change)),
  );
  const known = [...referencePage().matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
  assert.ok(known.length > 80);
  assert.deepEqual(
    known.filter((key) => !changed.has(key)),
    [],
  );
});

test('the reference page names what needs a restart', () => {
  const [, text = ''] = /;([^;]*) need a restart/.exec(referencePage()) ?? [];
  const named = [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const restarting = rows
    .filter(([, told]) => told.includes('restart'))
    .flatMap(([change]) => keysOf(change).slice(-1));
  for (const key of named)
    assert.ok(
      restarting.some((one) => one.startsWith(key)),
      key,
    );
  for (const key of restarting)
    assert.ok(
      named.some((one) => key.startsWith(one)),
      key,
    );
});
