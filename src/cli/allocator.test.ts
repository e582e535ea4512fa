// What the process sets for itself: each thing that is missing, and nothing that somebody has set.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingSettings } from './allocator.ts';

test('what is set already is left, and what is missing is added, so that it ends after one round', () => {
  const all = missingSettings({}, 'linux');
  assert.deepEqual(Object.keys(all).sort(), ['GLIBC_TUNABLES', 'MALLOC_ARENA_MAX', 'UV_THREADPOOL_SIZE']);
  assert.deepEqual(missingSettings(all, 'linux'), {});
  // A unit file that sets one of them still gets the others.
  assert.deepEqual(Object.keys(missingSettings({ MALLOC_ARENA_MAX: '4', GLIBC_TUNABLES: '' }, 'linux')), [
    'UV_THREADPOOL_SIZE',
  ]);
  assert.deepEqual(missingSettings({}, 'darwin'), { UV_THREADPOOL_SIZE: '8' });
});
