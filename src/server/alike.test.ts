// What nodes must have alike: which changes of a configuration show in its digests, and how differences are told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { onlyRoles, type Role } from '../config/roles.ts';
import type { NodeLife } from '../store/nodes.ts';
import { differenceInWords, differencesOf, digestsOf } from './alike.ts';

const there = {
  ...{ hostname: 'mail.example.org', domains: ['example.org'], store: { postgres: 'postgres://db/mail' } },
  tls: { cert: 'a', key: 'a' },
  listeners: [
    { port: 587, role: 'submission' },
    { port: 25, role: 'mx', tls: 'starttls' },
  ],
  relay: { smarthost: 'smtps://me@mta', password: 'one', routes: { 'a.example': { lmtp: 'lmtp://a' } } },
};
const key = {
  ...{ domain: 'example.org', selector: 's1', pem: 'PEM', required: true, headers: [] },
  record: 'v=DKIM1; p=AAAA',
};
const certificates = [{ cert: 'CERT', key: 'KEY' }];

type Settings = Readonly<Record<string, unknown>>;
interface Change {
  readonly settings?: Settings;
  readonly key?: Partial<typeof key>;
  readonly certificates?: typeof certificates;
  readonly roles?: readonly Role[];
}

function digests(change: Change = {}) {
  const config = parseConfig(JSON.stringify({ ...there, ...change.settings }), 'x');
  const loaded = onlyRoles({ config, file: 'x', directory: '/', path: (name) => name }, change.roles);
  return digestsOf(loaded, {
    hostname: config.hostname,
    dkim: [{ ...key, ...change.key }],
    certificates: change.certificates ?? certificates,
  });
}

const rows: readonly (readonly [why: string, change: Change, differs: readonly string[]])[] = [
  ['nothing', {}, []],
  ['a domain', { settings: { domains: ['example.org', 'example.net'] } }, ['domains']],
  ['which domain is the first', { settings: { domains: ['example.net', 'example.org'] } }, ['domains']],
  ['a mailbox', { settings: { mailboxes: ['a@example.org'] } }, ['mailboxes']],
  ['a limit', { settings: { limits: { identity: { messagesPerHour: 7 } } } }, ['limits']],
  ['what longLines say', { settings: { limits: { longLines: 'pass' } } }, ['limits']],
  [
    'what goes by the size of a machine',
    {
      settings: {
        limits: { connections: 77, incomingMemory: '99MiB', relayMemory: '1GiB', freeSpace: { share: 0.1 } },
      },
    },
    [],
  ],
  ['how long the trail is kept', { settings: { audit: { retention: '40d' } } }, ['audit']],
  ['what Received shows', { settings: { received: 'full' } }, ['received']],
  ['display names', { settings: { displayNames: 'allow' } }, ['displayNames']],
  ['mechanisms', { settings: { mechanisms: ['PLAIN'] } }, ['mechanisms']],
  ['who is postmaster', { settings: { postmaster: 'a@example.org' } }, ['postmaster']],
  ['the next server', { settings: { relay: { ...there.relay, smarthost: 'smtps://me@mta2' } } }, ['relay']],
  [
    'a password, or where it stands',
    { settings: { relay: { ...there.relay, password: { file: 'p' } } } },
    [],
  ],
  ['connections to the next server', { settings: { relay: { ...there.relay, connections: 5 } } }, []],
  ['a retry', { settings: { relay: { ...there.relay, retry: ['5m'] } } }, ['relay']],
  ['a selector', { key: { selector: 's2' } }, ['dkim']],
  ['another key of a selector', { key: { record: 'v=DKIM1; p=BBBB' } }, ['dkim']],
  ['another form of the same key', { key: { pem: 'PEM2' } }, []],
  ['a certificate', { certificates: [{ cert: 'CERT2', key: 'KEY' }] }, ['tls of mail.example.org']],
  ['its key file alone', { certificates: [{ cert: 'CERT', key: 'KEY2' }] }, []],
  ['what is of this node', { settings: { node: 'mail9', data: '/elsewhere', threads: { fronts: 2 } } }, []],
];

for (const [why, change, differs] of rows)
  test(`nodes that differ in ${why} differ in ${differs.join() || 'nothing'}`, () => {
    const [one, other] = [digests(), digests(change)];
    const keys = Object.keys({ ...one, ...other });
    assert.deepEqual(
      keys.filter((name) => one[name] !== other[name]),
      differs,
    );
  });

test('in what order keys stand says nothing', () => {
  const { relay, ...rest } = there;
  const turned = { routes: relay.routes, smarthost: relay.smarthost, password: relay.password };
  assert.deepEqual(digests({ settings: { relay: turned, ...rest } }), digests());
});

test('a node tells of what it serves alone', () => {
  const of = (...roles: readonly Role[]): readonly string[] =>
    Object.keys(digests({ roles, certificates: [] }));
  const all = ['domains', 'mailboxes', 'postmaster', 'limits', 'audit'];
  const submission = ['mechanisms', 'received', 'displayNames'];
  assert.deepEqual(of('submission'), [...all, ...submission, 'dkim']);
  assert.deepEqual(of('mx'), all);
  assert.deepEqual(of('relay'), [...all, 'relay', 'dkim']);
});

const life = (
  node: string,
  of: Readonly<Record<string, string>>,
  more: Partial<NodeLife> & { version?: string } = {},
): NodeLife => {
  const { version = '1', ...rest } = more;
  return {
    node,
    incarnation: '1',
    state: 'alive',
    until: 0,
    facts: { version, roles: [], digests: of },
    ...rest,
  };
};

const vectors: readonly {
  readonly why: string;
  readonly lives: readonly NodeLife[];
  readonly words: readonly string[];
}[] = [
  { why: 'one node', lives: [life('a', { limits: 'x' })], words: [] },
  { why: 'two alike', lives: [life('a', { limits: 'x' }), life('b', { limits: 'x' })], words: [] },
  {
    why: 'three, of which two are alike',
    lives: [
      life('a', { limits: 'x', relay: 'y' }),
      life('b', { limits: 'z', relay: 'y' }),
      life('c', { limits: 'x' }),
    ],
    words: ['limits: a, c / b'],
  },
  {
    why: 'two subjects',
    lives: [life('a', { limits: 'x', audit: 'y' }), life('b', { limits: 'z', audit: 'w' })],
    words: ['audit: a / b', 'limits: a / b'],
  },
  { why: 'one that does not serve it', lives: [life('a', { relay: 'x' }), life('b', {})], words: [] },
  {
    why: 'one that is gone',
    lives: [life('a', { limits: 'x' }), life('b', { limits: 'y' }, { state: 'dead' })],
    words: [],
  },
  {
    why: 'one of another version',
    lives: [life('a', { limits: 'x' }), life('b', { limits: 'y' }, { version: '2' })],
    words: [],
  },
  {
    why: 'one that has said nothing yet',
    lives: [life('a', { limits: 'x' }), { node: 'b', incarnation: '1', state: 'alive', until: 0 }],
    words: [],
  },
];

for (const { why, lives, words } of vectors)
  test(`differences between nodes: ${why}`, () => {
    assert.deepEqual(differencesOf(lives).map(differenceInWords), words);
  });
