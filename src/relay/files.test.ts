// The files route: a message that counts as delivered is on the disk, under its name.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { jobTo, message, START } from '../../test/fakes/delivery-job.ts';
import { syncsDuring } from '../../test/fakes/sync-watch.ts';
import { deliverToFiles } from './files.ts';

const content = Buffer.from('Subject: x\r\n\r\nhello\r\n');

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 5);
  yield content.subarray(5);
}

test('5321-y E-Q-7: files: the content is synced before it has its name, the directory after', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-files-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const job = { ...jobTo('x@far.example'), content: async () => pieces() };
  const named = join(directory, `${message.id}.eml`);
  const synced = await syncsDuring(async () => {
    const result = await deliverToFiles(directory, job, START);
    assert.equal(result.type === 'attempted' && result.attempts[0]?.type, 'delivered');
  });
  assert.deepEqual(
    synced.map(({ call, path }) => `${call} ${path}`),
    [`datasync ${join(directory, `.${message.id}.tmp`)}`, `sync ${directory}`],
  );
  assert.deepEqual(readdirSync(directory), [`${message.id}.eml`]);
  assert.equal(
    readFileSync(named, 'latin1'),
    `Return-Path: <alice@example.org>\r\n${content.toString('latin1')}`,
  );
});

test('5321-y: files: content that breaks off leaves nothing under the name of a message', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-files-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield content;
    throw new Error('the body is gone');
  }
  const result = await deliverToFiles(
    directory,
    { ...jobTo('x@far.example'), content: async () => broken() },
    START,
  );
  assert.equal(result.type, 'hostDown');
  assert.equal(existsSync(join(directory, `${message.id}.eml`)), false);
  assert.deepEqual(readdirSync(directory), []);
});

test('files: mail whose sender is suspended while it is written gets no name', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-files-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  let mayGo = true;
  async function* suspending(): AsyncGenerator<Uint8Array> {
    yield content;
    mayGo = false;
  }
  const job = { ...jobTo('x@far.example'), content: async () => suspending(), mayGo: () => mayGo };
  assert.deepEqual(await deliverToFiles(directory, job, START), { type: 'withheld' });
  assert.deepEqual(readdirSync(directory), []);
});

test('files: an id that is none names no file', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'postern-files-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const job = jobTo('x@far.example');
  const strange = { ...job, message: { ...message, id: '../x' }, content: async () => pieces() };
  await assert.rejects(deliverToFiles(join(parent, 'inside'), strange, START), /is no message id/);
  assert.deepEqual(readdirSync(parent), []);
});
