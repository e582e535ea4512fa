// A server on this host that does not run, as programs that hand in mail hear of it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { askOwnAddress } from './send-local.ts';
import { addressBook } from './send-names.ts';
import { EX } from './sysexits.ts';

test('who sends is not known while the server is stopped: that passes; without any server it does not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-send-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, 'submit.sock');
  assert.deepEqual(await askOwnAddress(socket), {});
  mkdirSync(join(directory, CLAIMS_DIRECTORY));
  const unknownYet = `the server on this host does not run (${socket})`;
  assert.deepEqual(await askOwnAddress(socket), { unknownYet });
  const host = 'plain';
  assert.throws(() => addressBook({ aliases: new Map(), unknownYet }, { user: () => 'www', host }).own(), {
    code: EX.TEMPFAIL,
    message: unknownYet,
  });
  assert.throws(() => addressBook({ aliases: new Map() }, { user: () => 'www', host }).own(), {
    code: EX.CONFIG,
  });
});
