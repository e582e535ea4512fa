// What proves a user to the submission socket, and what must not.

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { claimName, openClaims } from './claims.ts';

const root = mkdtempSync(join(tmpdir(), 'postern-claims-'));
after(() => rmSync(root, { recursive: true, force: true }));
const directory = join(root, 'claims');
const claims = openClaims(directory, systemClock);
const other = join(root, 'other');
const make = (path: string, mode = 0o600): void => writeFileSync(path, '', { mode });
const LONG_AGO = systemClock.now() - 60_000;

test('the owner of a file that was made for the claim is the user; it counts once and leaves nothing', () => {
  const claim = claims.issue();
  assert.match(claim.name, claimName);
  make(join(directory, claim.name));
  assert.deepEqual(claims.redeem(claim), { uid: process.getuid?.() });
  assert.equal(existsSync(join(directory, claim.name)), false);
  assert.ok('refused' in claims.redeem(claim));
});

test('others may make files in the directory, but not see which; only its owner removes them', () => {
  assert.equal(lstatSync(directory).mode & 0o7777, 0o1733);
});

const hostile: readonly (readonly [why: string, prepare: (path: string) => void, says: RegExp])[] = [
  ['nothing was made', () => undefined, /not made/],
  ['a symbolic link to a file of another user', (path) => symlinkSync('/etc/passwd', path), /no plain file/],
  ['a directory', (path) => mkdirSync(path), /no plain file/],
  ['a directory with something in it', (path) => (mkdirSync(path), make(join(path, 'x'))), /no plain file/],
  ['a hard link', (path) => (make(other), linkSync(other, path)), /another name/],
  ['a file that others may write', (path) => (make(path), chmodSync(path, 0o666)), /mode 0600/],
  ['a file that runs as its owner', (path) => (make(path), chmodSync(path, 0o4600)), /mode 0600/],
  ['a file with something in it', (path) => writeFileSync(path, 'x', { mode: 0o600 }), /empty/],
];

for (const [why, prepare, says] of hostile)
  test(`F-OPS-1: ${why} proves nothing`, () => {
    rmSync(other, { force: true });
    const claim = claims.issue();
    const path = join(directory, claim.name);
    prepare(path);
    const answer = claims.redeem(claim);
    assert.ok('refused' in answer && says.test(answer.refused), JSON.stringify(answer));
    rmSync(path, { recursive: true, force: true });
  });

test('a file that its owner made before, for something else, and that was moved here proves nothing', () => {
  make(other);
  // Issued after the file was made, by more than the tick of a file system's clock.
  const claim = { ...claims.issue(), issuedAt: systemClock.now() + 1000 };
  renameSync(other, join(directory, claim.name));
  const answer = claims.redeem(claim);
  assert.ok('refused' in answer && /older than the claim/.test(answer.refused));
});

test('a claim that is too old proves nothing', () => {
  const claim = { ...claims.issue(), issuedAt: LONG_AGO, startedAt: systemClock.monotonic() - 20_000 };
  make(join(directory, claim.name));
  const answer = claims.redeem(claim);
  assert.ok('refused' in answer && /expired/.test(answer.refused));
});

test('what was left from before is cleared away, and a directory that others can write into is not used', () => {
  make(join(directory, 'left'));
  openClaims(directory, systemClock);
  assert.equal(existsSync(join(directory, 'left')), false);
  const open = join(root, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  assert.throws(() => openClaims(join(open, 'claims'), systemClock), /chmod go-w/);
});
