// What a URL of a next hop means, and what is said of one that means nothing: never its password.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../config/find.ts';
import { lmtpHop, smtpHop } from './hop-of-url.ts';

const SECRET = /s3cret|p4ss/;

const good: readonly (readonly [url: string, login: string, to: string])[] = [
  ['smtp://mta', '', 'mta:25'],
  ['smtp://mta/', '', 'mta:25'],
  ['smtp://[2001:db8::1]:2525', '', '2001:db8::1:2525'],
  ['smtps://me:s3cret@mta', 'me s3cret', 'mta:465'],
  ['smtp://me%40example.org:50%25%20off@mta', 'me@example.org 50% off', 'mta:587'],
  ['smtp://me:p@ss@mta', 'me p@ss', 'mta:587'],
  ['smtp://me@mta', 'me beside', 'mta:587'],
];

for (const [url, login, to] of good)
  test(`${url} is ${to}`, () => {
    const { auth, host, port } = smtpHop(url, 'beside', 'relay');
    assert.deepEqual([auth ? `${auth.user} ${auth.password}` : '', `${host}:${port}`], [login, to]);
  });

const bad: readonly (readonly [url: string, shown: string, because: RegExp])[] = [
  [
    'smtp://me:50% s3cret@mta',
    'smtp://…@mta',
    /a % before its @ that stands for nothing; .*%25, or set `password:`/,
  ],
  ['smtp://me%:s3cret@mta', 'smtp://…@mta', /a % before its @/],
  ['smtp://me:s3cret%FF@mta', 'smtp://…@mta', /a % before its @/],
  ['smtp://me:s3cret@p4ss@', 'smtp://…@', /is no smtp:\/\/HOST/],
  ['smtp://me:s3cret://p4ss@mta', 'smtp://…@mta', /is no smtp:\/\/HOST/],
  ['smtp://me:123/s3cret@mta', 'smtp://…@mta', /is no smtp:\/\/HOST or smtps:\/\/HOST; write @ \/ \? # : %/],
  ['smtp://me:123#s3cret@mta', 'smtp://…@mta', /is no smtp:/],
  ['smtp://me:s3cret', 'smtp://me:…', /is no smtp:/],
  ['me:s3cret@mta', '…@mta', /is no smtp:/],
  ['http://mta:25', 'http://mta:25', /is no smtp:/],
  ['smtp://[2001:db8::1', 'smtp://[2001:db8::1', /is no smtp:/],
  ['smtp://:s3cret@mta', 'smtp://…@mta', /a password and no user/],
];

const says = (shown: string, because: RegExp, key: string) => (error: unknown) => {
  assert.ok(error instanceof ConfigError);
  assert.ok(error.message.startsWith(`${key}: "${shown}" `), error.message);
  assert.match(error.message, because);
  assert.doesNotMatch(error.message, SECRET);
  return true;
};

for (const [url, shown, because] of bad)
  test(`F-OPS-5: ${url} is refused, and shown as ${shown}`, () => {
    assert.throws(
      () => smtpHop(url, undefined, 'relay.routes.a.example'),
      says(shown, because, 'relay.routes.a.example.smarthost'),
    );
  });

test('a user without a password is told where it goes', () => {
  assert.throws(
    () => smtpHop('smtp://me@mta', undefined, 'relay'),
    says('smtp://…@mta', /names me, who needs `password:`/, 'relay.smarthost'),
  );
});

test('LMTP has a host or a socket, and no login', () => {
  const at = (url: string) => {
    const { host, port, path } = lmtpHop(url, 'relay');
    return path ?? `${host}:${port}`;
  };
  assert.deepEqual(['lmtp://box', 'lmtp://box:80', 'lmtp://box:24/', 'unix:/run/lmtp'].map(at), [
    'box:24',
    'box:80',
    'box:24',
    '/run/lmtp',
  ]);
  assert.throws(
    () => at('lmtp://me:s3cret@box'),
    says('lmtp://…@box', /nobody logs in over LMTP/, 'relay.lmtp'),
  );
  assert.throws(() => at('lmtp://box/dir'), says('lmtp://box/dir', /is no lmtp/, 'relay.lmtp'));
});
