// The Debian package, in a fresh Debian: the production lines of the README as they stand there, the unit, a submission, an upgrade with a full queue, and
// what removing and purging leave. All of it in a root, a network and a process namespace of its own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lacking } from './server.ts';

const HOME = join(import.meta.dirname, '../..');
const PACKAGES = 'systemd,curl,libatomic1,libstdc++6,ca-certificates';
const CACHE = '/var/cache/postern-test';
const MIRROR = 'http://deb.debian.org/debian';
const skip =
  lacking('debootstrap', 'unshare', 'dpkg-deb', 'ip') ||
  (process.getuid?.() === 0 ? false : 'needs root for a root of its own');
const work = mkdtempSync(join(tmpdir(), 'postern-deb-'));
const root = join(work, 'root');

function run(program: string, args: readonly string[], environment: object = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 600_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  return stdout;
}

/** The same packages, the same root: made once, copied for each run. */
function freshDebian(): void {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  const key = createHash('sha256').update(PACKAGES).digest('hex').slice(0, 12);
  const kept = join(CACHE, `${suite}-${key}`);
  if (!existsSync(kept)) {
    mkdirSync(CACHE, { recursive: true });
    const making = mkdtempSync(join(CACHE, 'making-'));
    run('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, suite, making, MIRROR]);
    renameSync(making, kept);
  }
  run('cp', ['-a', kept, root]);
  // It is going to be `/`, which every user must be able to enter; debootstrap may leave it as mkdtemp made it.
  chmodSync(root, 0o755);
}

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** The first indented block of the section: what a reader copies. */
function productionLines(): string {
  const section = readFileSync(join(HOME, 'README.md'), 'utf8').split('## Put it into production\n')[1] ?? '';
  return (/(?:^ {4}.*\n)+/m.exec(section)?.[0] ?? '').replaceAll(/^ {4}/gm, '');
}

function buildPackages(): void {
  for (const directory of ['one', 'two']) {
    mkdirSync(join(work, directory));
    run(join(HOME, 'scripts/build-deb.sh'), [join(work, directory)]);
  }
  const name = run('ls', [join(work, 'one')]).trim();
  assert.equal(
    sha256(join(work, 'one', name)),
    sha256(join(work, 'two', name)),
    'the same tree, the same octets',
  );
  // The build before: the same with a lower version.
  const unpacked = join(work, 'unpacked');
  run('dpkg-deb', ['-R', join(work, 'one', name), unpacked]);
  const control = join(unpacked, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 0.0.1'));
  mkdirSync(join(root, 'root/new'));
  run('dpkg-deb', [
    '--root-owner-group',
    '-Zgzip',
    '-z1',
    '-b',
    unpacked,
    join(root, 'root/postern_0.0.1_all.deb'),
  ]);
  copyFileSync(join(work, 'one', name), join(root, 'root/new/postern.deb'));
}

before(() => {
  if (skip !== false) return;
  freshDebian();
  buildPackages();
  writeFileSync(join(root, 'root/readme.sh'), productionLines());
  copyFileSync(join(import.meta.dirname, 'deb-life.sh'), join(root, 'root/life.sh'));
});
after(() => rmSync(work, { recursive: true, force: true }));

test('the package brings a manual page of each command, and completion', { skip }, () => {
  const share = join(work, 'unpacked/usr/share');
  for (const page of ['postern', 'postern-serve', 'postern-queue', 'postern-completion'])
    assert.match(run('gzip', ['-dc', join(share, `man/man1/${page}.1.gz`)]), /^\.TH POSTERN/);
  for (const script of ['bash-completion/completions/postern', 'zsh/vendor-completions/_postern'])
    assert.match(readFileSync(join(share, script), 'utf8'), /_postern\(\) \{/);
});

test('the package brings the alerts and the board', { skip }, () => {
  for (const file of ['postern.rules.yaml', 'postern.json'])
    assert.ok(existsSync(join(work, 'unpacked/usr/share/doc/postern', file)), file);
});

test(
  'BCP134-3.1-h: the package in a fresh Debian: installed as the README says, it submits, is upgraded with a full queue, removed and purged',
  { skip },
  () => {
    assert.match(
      productionLines(),
      /^apt-get install .*\.deb\npostern init .*\npostern check\nsystemctl enable --now postern\n$/,
    );
    const inside = `ip link set lo up && mount -t proc proc ${root}/proc && exec chroot ${root} sh -eu /root/life.sh`;
    const said = run('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-c', inside], {
      ...{
        DEBIAN_FRONTEND: 'noninteractive',
        PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
      },
    });
    for (const step of [
      'unit verified',
      'submitted 5',
      'upgraded',
      'queued 5',
      'trail holds',
      'removed, data stay',
      'purged, data stay',
      'purged with data',
    ])
      assert.match(said, new RegExp(`^= ${step}$`, 'm'), said);
  },
);
