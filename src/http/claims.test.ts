// What proves a user to the submission socket, and what must not.

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../platform/clock.ts';
import { isClaimName } from './claim-name.ts';
import { openClaims } from './claims.ts';

const root = mkdtempSync(join(tmpdir(), 'postern-claims-'));
after(() => rmSync(root, { recursive: true, force: true }));
const directory = join(root, 'claims');
/** As /dev/shm. */
const shared = join(root, 'shared');
mkdirSync(shared);
chmodSync(shared, 0o1777);
const claims = openClaims(directory, systemClock, [join(root, 'absent'), shared]);
const other = join(root, 'other');
const make = (path: string, mode = 0o600): void => writeFileSync(path, '', { mode });
const LONG_AGO = systemClock.now() - 60_000;

test('the owner of a file that was made for the claim is the user; it counts once and leaves nothing', () => {
  const claim = claims.issue();
  assert.ok(isClaimName(claim.name), claim.name);
  make(join(directory, claim.name));
  assert.deepEqual(claims.redeem(claim), { uid: process.getuid?.() });
  assert.equal(existsSync(join(directory, claim.name)), false);
  assert.ok('refused' in claims.redeem(claim));
});

test('others may make files in the directory, but not see which; only its owner removes them', () => {
  assert.equal(lstatSync(readlinkSync(directory)).mode & 0o7777, 0o1733);
});

test('F-DOS-2/4: what users make lies where they may write anyway, never on the file system of the socket', () => {
  assert.equal(dirname(readlinkSync(directory)), shared);
  assert.throws(() => openClaims(join(root, 'none'), systemClock, [root]), /where all users may write/);
  chmodSync(shared, 0o777);
  assert.throws(() => openClaims(join(root, 'none'), systemClock, [shared]), /mode=1777/);
  chmodSync(shared, 0o1777);
  assert.equal(existsSync(join(root, 'none')), false);
});

test('a directory that is gone is made again, one of an earlier version gives way, a name that is taken is not used', () => {
  const at = join(root, 'again');
  mkdirSync(at);
  make(join(at, 'left'));
  const again = openClaims(at, systemClock, [shared]);
  const first = readlinkSync(at);
  rmSync(first, { recursive: true });
  symlinkSync('/etc', first);
  const other = openClaims(at, systemClock, [shared]);
  assert.notEqual(readlinkSync(at), first);
  rmSync(first);
  const claim = again.issue();
  make(join(at, claim.name));
  assert.deepEqual(again.redeem(claim), { uid: process.getuid?.() });
  assert.ok('refused' in other.redeem(other.issue()));
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
  assert.ok('late' in answer && /expired/.test(answer.late));
});

test('what was left from before is cleared away, and a directory that others can write into is not used', () => {
  make(join(directory, 'left'));
  openClaims(directory, systemClock, [shared]);
  assert.equal(existsSync(join(directory, 'left')), false);
  const open = join(root, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  assert.throws(() => openClaims(join(open, 'claims'), systemClock), /chmod go-w/);
});
