// The second factor of an account on the command line: shown, and taken away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { systemClock as clock } from '../../src/platform/clock.ts';
import { systemEntropy } from '../../src/platform/entropy.ts';
import { administrationPorts } from '../../src/server/administration.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { setUpTotp } from '../fakes/second-factor.ts';
import { place, stored, trail, USAGE } from './place.ts';

test('a second factor is shown, and reset for who has lost it', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  assert.match(await at.good('account second-factor alice'), /^alice@example\.org has no second factor; /);
  await at.refused(1, /has no second factor/, 'account second-factor alice --reset');
  await at.refused(USAGE, /--reason goes with --reset/, 'account second-factor alice --reason x');

  const { store, lookups, close } = openSqliteStore({
    ...{ dataDirectory: at.data, clock, entropy: systemEntropy() },
  });
  const loaded = () => loadConfig(at.config);
  const copy = () => Promise.reject(new Error('not asked here'));
  const app = await setUpTotp(administrationPorts({ store, lookups, loaded, copy }), 'alice@example.org');
  close();

  assert.match(
    await at.good('account second-factor alice'),
    /^alice@example\.org {2}has a second factor\nauthenticator app {2}since \S+\nrecovery codes {5}10 left\n$/,
  );
  const shown = JSON.parse(await at.good('account second-factor alice --json')) as object;
  assert.deepEqual(Object.keys(shown), ['login', 'totp', 'passkeys', 'recoveryCodes']);
  assert.match(await at.good('account show alice'), /^second factor {2}authenticator app$/m);
  for (const code of app.recoveryCodes) assert.ok(!stored(at.data).includes(code));
  assert.equal(
    await at.good('account second-factor alice --reset --reason lost'),
    'alice@example.org has no second factor any more: totp and recovery removed\n',
  );
  const [last] = (await trail(at, '--identity alice')).slice(-1);
  assert.equal(last?.payload?.action, 'second-factor reset');
});
