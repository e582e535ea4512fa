// The user's file: what it may say, who may have written it, and where the password comes from.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { loadSendConfig, parseSendConfig } from './config.ts';
import { readPassword } from './password.ts';
import { SendFailure } from './failure.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-send-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const PRIVATE = 0o100600;
const parse = (text: string, mode = PRIVATE) =>
  parseSendConfig(text, '/home/alice/.config/postern/send.yaml', mode);

test('every key is read; paths are relative to the file', async () => {
  const config = await parse(
    'host: msa.example.org\nport: 465\ntls: implicit\naddress: alice@example.org\nlogin: alice\nname: Alice\n' +
      'passwordFile: password\nca: ./ca.pem\nqueue: offline\nqueueExpire: 36h\nsizeMax: 25MiB\naliases:\n  Root: alice@example.org\n  "*": [a@example.org, b@example.org]\n',
  );
  assert.equal(config.port, 465);
  assert.equal(config.passwordFile, '/home/alice/.config/postern/password');
  assert.equal(config.sizeMax, 25 * 1024 * 1024);
  assert.equal(config.queueExpire, 36 * 3_600_000);
  assert.deepEqual(
    [...config.aliases],
    [
      ['root', ['alice@example.org']],
      ['*', ['a@example.org', 'b@example.org']],
    ],
  );
});

const wrong: readonly (readonly [text: string, says: RegExp])[] = [
  ['hots: x', /unknown key "hots": did you mean "host"/],
  ['port: many', /port must be a number/],
  ['tls: none', /tls must be implicit or starttls/],
  ['queue: maybe', /queue must be off, offline or always/],
  ['sizeMax: 25', /sizeMax must be a size/],
  ['queueExpire: 5', /queueExpire must be a duration/],
  ['queueExpire: 5s', /of a minute at least/],
  ['host: [a]', /host must be text/],
  ['aliases: { root: nobody }', /aliases.root must be a mail address/],
  ['password: a\npasswordCommand: b', /use one of/],
  ['- a', /list of keys/],
  ['host: "', /send.yaml: .*line 1/],
];

test('what is wrong is EX_CONFIG, with file, key and reason', async () => {
  for (const [text, says] of wrong)
    await assert.rejects(
      parse(text),
      (error) => error instanceof SendFailure && error.code === EX.CONFIG && says.test(error.message),
      text,
    );
});

test('a file that others can write is not used, and one with a password only if nobody else can read it', async () => {
  const path = join(directory, 'send.yaml');
  writeFileSync(path, 'host: msa.example.org\n');
  const load = () => loadSendConfig(undefined, { POSTERN_SEND_CONFIG: path });
  chmodSync(path, 0o644);
  assert.equal((await load()).host, 'msa.example.org');
  chmodSync(path, 0o664);
  await assert.rejects(load(), /chmod go-w/);
  chmodSync(path, 0o644);
  writeFileSync(path, 'host: msa.example.org\npassword: secret\n');
  await assert.rejects(load(), /chmod 600/);
  chmodSync(path, 0o600);
  assert.equal((await load()).password, 'secret');
});

test('without a file there is a configuration all the same; a named file must be there', async () => {
  const empty = { XDG_CONFIG_HOME: directory, POSTERN_SEND_CONFIG: undefined };
  const found = await loadSendConfig(undefined, empty);
  assert.ok(found.file === undefined || found.file.startsWith('/etc/'));
  await assert.rejects(loadSendConfig(join(directory, 'nothing'), {}), /there is no such file/);
});

test('the password comes from the environment, a private file, or a command', async () => {
  const file = join(directory, 'password');
  writeFileSync(file, 'from file\nsecond line\n', { mode: 0o600 });
  assert.equal(await readPassword({ passwordFile: file }, {}), 'from file');
  assert.equal(await readPassword({ passwordFile: file }, { POSTERN_PASSWORD: 'p' }), 'p');
  assert.equal(await readPassword({ passwordCommand: `echo 'from command'` }, {}), 'from command');
  assert.equal(await readPassword({}, {}), undefined);
  chmodSync(file, 0o640);
  await assert.rejects(readPassword({ passwordFile: file }, {}), /chmod 600/);
  writeFileSync(file, Buffer.from('70e473730a', 'hex'), { mode: 0o600 });
  chmodSync(file, 0o600);
  await assert.rejects(readPassword({ passwordFile: file }, {}), /no valid UTF-8: save it as UTF-8/);
  writeFileSync(file, '\ufeffsecret\n');
  await assert.rejects(readPassword({ passwordFile: file }, {}), /begins with a byte order mark/);
  await assert.rejects(
    readPassword({ passwordCommand: "printf 'p\\344ss'" }, {}),
    /passwordCommand: it is no valid UTF-8/,
  );
  await assert.rejects(readPassword({ passwordFile: join(directory, 'none') }, {}), /no such file/);
  await assert.rejects(readPassword({ passwordFile: directory }, {}), /chmod 600|directory/);
  await assert.rejects(readPassword({ passwordCommand: 'exit 3' }, {}), /status 3/);
  await assert.rejects(readPassword({ passwordCommand: 'true' }, {}), /no password/);
  await assert.rejects(readPassword({ passwordCommand: 'yes | head -c 100000' }, {}), /more than/);
});
