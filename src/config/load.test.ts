// The configuration file as people write it: its defaults, and the errors for a wrong one.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigError, findConfig } from './find.ts';
import { dataDirectoryIn, loadConfig, parseConfig } from './load.ts';
import type { Config } from './schema.ts';
import { readSecret } from './secrets.ts';

const SMALLEST = [
  'hostname: mail.example.org',
  'domains: [example.org]',
  'tls: { cert: fullchain.pem, key: privkey.pem }',
  'relay: { smarthost: "smtp://mta.internal:25" }',
];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

/** The smallest file, with the keys of `lines` instead of its own. */
function file(...lines: readonly string[]): string {
  const keys = new Set(lines.map((line) => line.split(':')[0]));
  return [...SMALLEST.filter((line) => !keys.has(line.split(':')[0])), ...lines].join('\n');
}

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'postern.yaml');
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message, error.problems.join('\n'));
    return error.problems;
  }
  return [];
}

function inDirectory(run: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'postern-config-'));
  const before = process.cwd();
  process.chdir(directory);
  try {
    run(directory);
  } finally {
    process.chdir(before);
    rmSync(directory, { recursive: true, force: true });
  }
}

test('BCP134-3.2-a/1 G-17: the smallest file has the defaults of the design', () => {
  const config = parseConfig(file(), 'postern.yaml');
  const expected: Config = {
    hostname: 'mail.example.org',
    domains: ['example.org'],
    data: './var',
    store: 'embedded',
    tls: { cert: 'fullchain.pem', key: 'privkey.pem' },
    // No address: all of them, v4 and v6.
    listeners: [
      { port: 587, role: 'submission', tls: 'starttls', proxy: [] },
      { port: 465, role: 'submission', tls: 'implicit', proxy: [] },
    ],
    mechanisms: ['PLAIN', 'LOGIN'],
    relay: {
      smarthost: 'smtp://mta.internal:25',
      routes: {},
      retry: [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR],
      expire: 5 * DAY,
      delayNotice: 4 * HOUR,
      connections: 20,
    },
    mailboxes: [],
    dkim: [],
    received: 'pseudonymous',
    displayNames: 'refuse',
    limits: {
      message: 25 * MIB,
      header: 256 * 1024,
      recipients: 1000,
      receivedHops: 100,
      longLines: { submission: 'refuse', mx: 'pass' },
      unauthenticatedPerNetwork: 50,
      newConnections: 600,
      connectionsPerIdentity: 200,
      connections: 10_000,
      strangersShare: 0.5,
      exempt: [],
      errors: { beforeAuth: 25, afterAuth: 500, authentications: 3 },
      identity: { messagesPerHour: 500, recipientsPerHour: 2000, nullSenderPerHour: 50 },
      freeSpace: { share: 0.05, size: 512 * MIB },
      queuedMessages: 2_000_000,
      incomingMemory: 64 * MIB,
      relayMemory: 64 * MIB,
    },
    timeouts: {
      beforeAuth: MINUTE,
      login: 5 * MINUTE,
      tlsHandshake: 10_000,
      idle: 5 * MINUTE,
      reply: 110_000,
    },
    audit: { retention: 30 * DAY, requireReason: false },
    http: { address: '127.0.0.1', port: 8587 },
    console: 'off',
    drain: { announce: 0 },
    log: { level: 'info' },
    onboarding: { pacc: 'off' },
    threads: {},
  };
  assert.deepEqual(config, expected);
});

test('a listener without words is STARTTLS submission; a domain is kept as its A-label', () => {
  const config = parseConfig(file('listeners: [{ port: 587 }]', 'domains: [BÜCHER.example]'), 'x');
  assert.deepEqual(config.listeners, [{ port: 587, role: 'submission', tls: 'starttls', proxy: [] }]);
  assert.deepEqual(config.domains, ['xn--bcher-kva.example']);
});

test('long lines: one word for both roles, or one for each', () => {
  const given = (limits: string): unknown => parseConfig(file(`limits: { ${limits} }`), 'x').limits.longLines;
  assert.deepEqual(given('longLines: pass'), { submission: 'pass', mx: 'pass' });
  assert.deepEqual(given('longLines: refuse'), { submission: 'refuse', mx: 'refuse' });
  assert.deepEqual(given('longLines: { submission: pass }'), { submission: 'pass', mx: 'pass' });
  assert.deepEqual(given('longLines: { mx: refuse }'), { submission: 'refuse', mx: 'refuse' });
});

interface Wrong {
  readonly why: string;
  readonly lines: readonly string[];
  /** All of them, in order, after `postern.yaml:`. */
  readonly problems: readonly (string | RegExp)[];
}

// The smallest file has four lines; what a vector says in one line stands in line 4 if it replaces one of these, else in line 5.
const wrong: readonly Wrong[] = [
  {
    why: 'a misspelt key is named with the right one',
    lines: ['listener: []'],
    problems: ['5: unknown key "listener": did you mean "listeners"?'],
  },
  {
    why: 'inside a group, and the line is its own',
    lines: ['limits:', '  recipients: 500', '  mesage: 25MiB'],
    problems: ['7: unknown key "limits.mesage": did you mean "message"?'],
  },
  {
    why: 'two levels down',
    lines: ['limits:', '  identity:', '    messagePerHour: 5'],
    problems: ['7: unknown key "limits.identity.messagePerHour": did you mean "messagesPerHour"?'],
  },
  {
    why: 'inside a list, with what is missing',
    lines: ['listeners:', '  - port: 587', '  - prot: 465'],
    problems: ['7: listeners.1.port is missing', '7: unknown key "listeners.prot": did you mean "port"?'],
  },
  {
    why: 'inside a choice: the branch that was meant speaks',
    lines: ['tls: { cert: a.pem, kye: b.pem }'],
    problems: ['4: tls.key is missing', '4: unknown key "tls.kye": did you mean "key"?'],
  },
  {
    why: 'inside a choice that may be a word',
    lines: ['http: { prot: 8587 }'],
    problems: ['5: unknown key "http.prot": did you mean "port"?'],
  },
  {
    why: 'inside a route',
    lines: ['relay: { files: out, routes: { example.net: { smarthst: x } } }'],
    problems: ['4: unknown key "relay.routes.example.net.smarthst": did you mean "smarthost"?'],
  },
  {
    why: 'nothing is near: nothing is suggested',
    lines: ['retention: 30d'],
    problems: ['5: unknown key "retention"'],
  },
  {
    why: 'names that mean something to JavaScript mean nothing here',
    lines: ['__proto__: 1', 'constructor: 2'],
    problems: ['5: unknown key "__proto__"', '6: unknown key "constructor"'],
  },
  {
    why: 'several problems are told at once',
    lines: ['log: { level: loud }', 'received: none'],
    problems: [
      /^6: received: must be one of pseudonymous, full$/,
      /^5: log\.level: must be one of debug, info, warn, error$/,
    ],
  },
  {
    why: 'a number without its unit',
    lines: ['limits: { message: 25 }'],
    problems: ['5: limits.message: 25 is no size: write a number with its unit, such as 256KiB or 25MiB'],
  },
  {
    why: 'a unit that is none',
    lines: ['timeouts: { idle: 5min }'],
    problems: [
      '5: timeouts.idle: "5min" is no duration: write a number with its unit, such as 90s, 15m, 4h or 5d',
    ],
  },
  {
    why: 'under the least, said in units',
    lines: ['timeouts: { idle: 1s }'],
    problems: ['5: timeouts.idle: must be at least 10s'],
  },
  {
    why: 'a choice says what it takes',
    lines: ['limits: { identity: { messagesPerHour: lots } }'],
    problems: ['5: limits.identity.messagesPerHour: must be a number, or none'],
  },
  {
    why: 'a word that is none of its words',
    lines: ['http: on'],
    problems: ['5: http: must be a group of keys, or off'],
  },
  {
    why: 'a list in the place of a text',
    lines: ['data: [var]'],
    problems: [/^5: data: must be text/],
  },
  { why: 'an empty group', lines: ['limits:'], problems: [/^5: limits: must be a group of keys/] },
  {
    why: 'a key of a map is judged too',
    lines: ['relay: { files: out, routes: { localhost: { files: x } } }'],
    problems: [
      '4: relay.routes.localhost: "localhost" is no fully qualified domain name, such as example.org',
    ],
  },
  {
    why: 'a key that stands twice',
    lines: ['data: a', 'data: b'],
    problems: ['6: Map keys must be unique (column 1)'],
  },
  {
    why: 'no YAML',
    lines: ['data: a: b'],
    problems: ['5: Nested mappings are not allowed in compact mappings (column 7)'],
  },
];

for (const { why, lines, problems } of wrong) {
  test(`F-OPS-5: what is wrong is told with file, line, key and way out: ${why}`, () => {
    const found = problemsOf(file(...lines));
    assert.equal(found.length, problems.length, found.join('\n'));
    problems.forEach((expected, at) => {
      const [place, rest] = [found[at]?.slice(0, 'postern.yaml:'.length), found[at]?.slice(13) ?? ''];
      assert.equal(place, 'postern.yaml:');
      if (typeof expected === 'string') assert.equal(rest, expected);
      else assert.match(rest, expected);
    });
  });
}

test('5321-ai/3 EXT-UTF8-a3/3: the host name that greeting and EHLO say is fully qualified, in A-labels', () => {
  const named = (name: string): string => file().replace('hostname: mail.example.org', `hostname: ${name}`);
  assert.equal(parseConfig(named('mail.bücher.example'), 'x.yaml').hostname, 'mail.xn--bcher-kva.example');
  for (const name of ['localhost', 'mail', 'mail.example.org.', 'my_host.example.org', '192.0.2.1'])
    assert.match(problemsOf(named(name)).join(), /hostname: .*fully qualified domain name/, name);
});

test('what is no map, and what is empty', () => {
  assert.deepEqual(problemsOf(''), [
    'postern.yaml:1: hostname is missing',
    'postern.yaml:1: domains is missing',
    'postern.yaml:1: relay is missing',
  ]);
  for (const text of ['just words', '- a\n- list', '42']) {
    assert.match(problemsOf(text)[0] ?? '', /^postern\.yaml:1: the file: must be a group of keys/);
  }
});

/** Somebody may look for these keys; each is refused with the reason that it is not there. */
const notBuilt: readonly { readonly lines: readonly string[]; readonly because: RegExp }[] = [
  { lines: ['relay: { mx: direct }'], because: /^4: relay\.mx: direct delivery by MX .* not built yet/ },
  {
    lines: ['relay: { files: out, routes: { example.net: { mx: direct } } }'],
    because: /^4: relay\.routes\.example\.net\.mx: direct delivery by MX/,
  },
  { lines: ['relayDomains: [backup.example]'], because: /^5: relayDomains: .*BCP 134 section 4\.1/ },
];

test('keys that are not built are refused with the reason', () => {
  for (const { lines, because } of notBuilt) {
    const [first = '', ...others] = problemsOf(file(...lines));
    assert.match(first.replace('postern.yaml:', ''), because);
    assert.deepEqual(others, []);
  }
});

const noExemption: readonly { readonly lines: readonly string[]; readonly because: RegExp }[] = [
  {
    lines: ['listeners:', '  - port: 587', '    auth: optional'],
    because: /^7: listeners\.auth: .*users submit on 587 and 465/,
  },
  {
    lines: ['listeners:', '  - port: 587', '  - { port: 25, role: mx, auth: optional }'],
    because: /^7: listeners\.auth: AUTH on role mx is not built/,
  },
  {
    lines: ['listeners:', '  - { port: 587 }', '  - { port: 2525, principal: svc-printer }'],
    because: /^7: listeners\.principal: .*every client authenticates/,
  },
  {
    lines: ['limits: { trusted: [10.0.0.0/8] }'],
    because: /^5: limits\.trusted: no network is exempt from AUTH \(BCP 134 section 3\.1/,
  },
];

test('BCP134-3.2-c BCP134-3.2-d BCP134-4.1-f G-1: no key lifts authentication: neither per port nor per network', () => {
  for (const { lines, because } of noExemption) {
    const [first = '', ...others] = problemsOf(file(...lines));
    assert.match(first.replace('postern.yaml:', ''), because);
    assert.deepEqual(others, []);
  }
});

test('G-9 G-10: no configuration takes fewer than a hundred recipients or fewer than three failed AUTH', () => {
  assert.deepEqual(problemsOf(file('limits: { recipients: 100, errors: { authentications: 3 } }')), []);
  assert.match(
    problemsOf(file('limits: { recipients: 99 }'))[0] ?? '',
    /limits\.recipients: must be at least 100$/,
  );
  assert.match(
    problemsOf(file('limits: { errors: { authentications: 2 } }'))[0] ?? '',
    /limits\.errors\.authentications: must be at least 3$/,
  );
});

test('paths are relative to the file', () => {
  inDirectory((directory) => {
    mkdirSync('etc');
    writeFileSync('etc/postern.yaml', file('data: ./state'));
    const loaded = loadConfig(join(directory, 'etc/postern.yaml'));
    assert.equal(loaded.directory, join(directory, 'etc'));
    assert.equal(loaded.path(loaded.config.data), join(directory, 'etc/state'));
    assert.equal(loaded.path('/var/lib/postern'), '/var/lib/postern');
  });
});

test('the file is looked for by option, by environment, then in the usual places', () => {
  inDirectory((directory) => {
    mkdirSync('var');
    for (const name of ['a.yaml', 'b.yaml', 'var/postern.yaml']) writeFileSync(name, file());
    const environment = { POSTERN_CONFIG: 'b.yaml' };
    assert.equal(findConfig('a.yaml', environment), join(directory, 'a.yaml'));
    assert.equal(findConfig(undefined, environment), join(directory, 'b.yaml'));
    assert.equal(findConfig(undefined, {}), join(directory, 'var/postern.yaml'));
    writeFileSync('postern.yaml', file());
    assert.equal(findConfig(undefined, {}), join(directory, 'postern.yaml'));
    assert.throws(() => findConfig('c.yaml', environment), /^ConfigError: c\.yaml: there is no such file$/);
    assert.throws(() => findConfig(undefined, { POSTERN_CONFIG: 'c.yaml' }), /c\.yaml/);
  });
});

test(
  'without a file: where it was looked for, and the way out',
  { skip: existsSync('/etc/postern/postern.yaml') ? 'this machine has /etc/postern/postern.yaml' : false },
  () => {
    inDirectory(() => {
      assert.throws(
        () => findConfig(undefined, {}),
        /\.\/postern\.yaml, \.\/var\/postern\.yaml, \/etc\/postern\/postern\.yaml\. Run `postern init`.*-c FILE/,
      );
    });
  },
);

test('a secret comes from the file itself, from another file or from the environment', () => {
  inDirectory((directory) => {
    const path = (relative: string): string => join(directory, relative);
    writeFileSync('secret', 'from a file\n', { mode: 0o600 });
    writeFileSync('secret-crlf', ' spaces stay \r\n', { mode: 0o600 });
    const environment = { SMARTHOST_PASSWORD: 'from the environment', EMPTY: '' };
    assert.equal(readSecret('plain', path, environment), 'plain');
    assert.equal(readSecret({ file: 'secret' }, path, environment), 'from a file');
    writeFileSync('secret-latin1', Buffer.from('70e473730a', 'hex'), { mode: 0o600 });
    writeFileSync('secret-mark', '\ufeffsecret\n', { mode: 0o600 });
    assert.throws(
      () => readSecret({ file: 'secret-latin1' }, path, environment),
      /secret-latin1: it is no valid UTF-8/,
    );
    assert.throws(() => readSecret({ file: 'secret-mark' }, path, environment), /byte order mark/);
    assert.throws(
      () => readSecret({ env: 'LOSSY' }, path, { LOSSY: 'p\ufffdss' }),
      /LOSSY is no plain UTF-8/,
    );
    assert.equal(readSecret({ file: 'secret-crlf' }, path, environment), ' spaces stay ');
    assert.equal(readSecret({ env: 'SMARTHOST_PASSWORD' }, path, environment), 'from the environment');
    for (const env of ['ABSENT', 'EMPTY'])
      assert.throws(
        () => readSecret({ env }, path, environment),
        new RegExp(`ConfigError: the environment variable ${env} is not set`),
      );
    assert.throws(
      () => readSecret({ file: 'no-such-file' }, path, environment),
      /ConfigError: no-such-file: there is no such file/,
    );
  });
});

test('a secret in the file may be each of its forms, and its text is never repeated in a problem', () => {
  const smarthost = 'relay: { smarthost: "smtps://user@mta.internal", password:';
  for (const password of ['hunter2', '{ file: secret }', '{ env: NAME }'])
    assert.deepEqual(problemsOf(file(`${smarthost} ${password} }`)), []);
  for (const password of ['[hunter2]', '{ flie: hunter2 }', '{ file: a, env: hunter2 }', '""']) {
    const problems = problemsOf(file(`${smarthost} ${password} }`));
    assert.notEqual(problems.length, 0);
    assert.doesNotMatch(problems.join('\n'), /hunter2/);
  }
});

test('the file that the design shows as the smallest useful one is good', () => {
  const design = [
    '# postern.yaml: the smallest useful file',
    'hostname: mail.example.org',
    'domains: [example.org]',
    'tls: { cert: /etc/postern/fullchain.pem, key: /etc/postern/privkey.pem }',
    'relay: { smarthost: smtp://mta.internal:25 }',
  ].join('\n');
  assert.deepEqual(problemsOf(design), []);
  assert.deepEqual(problemsOf(readFileSync('packaging/postern.example.yaml', 'utf8')), []);
});

test('F-OPS-5: no problem speaks of the types of a library', () => {
  const wrong = [
    'limits: { recipients: many }',
    'limits: { recipients: 1.5 }',
    'limits: { recipients: 9999999 }',
    'listeners: 587',
    'listeners: [{ port: 0 }]',
    'tls: []',
    'data: 5',
    'received: some',
    'domains: { a: b }',
    'audit: { requireReason: maybe }',
    'mailboxes: 5',
    'mechanisms: [CRAM-MD5]',
    'relay: { smarthost: [] }',
    'local: { socket: "" }',
  ];
  for (const line of wrong) {
    const [problem = ''] = problemsOf(file(line));
    assert.notEqual(problem, '', line);
    assert.doesNotMatch(problem, /Invalid|Too (?:big|small)|, received|expected|>=|<=/, line);
  }
});

test('what can not be read is told in words: a directory, a file in UTF-16; a mark in front does no harm', () => {
  inDirectory((directory) => {
    assert.throws(() => loadConfig(directory), /it is a directory/);
    assert.throws(() => findConfig(directory, {}), /it is a directory: name the file in it/);
    assert.throws(() => findConfig('none.yaml', {}), /none\.yaml: there is no such file/);
    writeFileSync('wide.yaml', Buffer.from(`\ufeff${file('')}`, 'utf16le'));
    assert.throws(() => loadConfig(join(directory, 'wide.yaml')), /UTF-16: save it as UTF-8/);
    writeFileSync('marked.yaml', `\ufeff${file('data: ./state')}`);
    assert.equal(loadConfig(join(directory, 'marked.yaml')).config.data, './state');
  });
});

test('the data directory is found in a file that is broken elsewhere', () => {
  inDirectory((directory) => {
    const path = join(directory, 'postern.yaml');
    for (const [text, data] of [
      ['data: ./state\nlistners: []\n', 'state'],
      ['hostname: [\ndata: ./state\n', 'state'],
      ['data: /srv/postern\nlisteners: 587\n  x: [\n', '/srv/postern'],
      ['{{{\nhostname: x\ndata: /srv/postern # here\n', '/srv/postern'],
      ['hostname: "a\ndata: "/srv/postern"\n', '/srv/postern'],
      ["- a\ndata: './state'\n", 'state'],
      ['', 'var'],
    ] as const) {
      writeFileSync(path, text);
      assert.equal(dataDirectoryIn(path), resolve(directory, data), text);
    }
  });
});
