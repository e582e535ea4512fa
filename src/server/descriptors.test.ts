import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import { descriptorLimit, openDescriptors, readLimit } from '../platform/descriptors.ts';
import { descriptorTrouble, planDescriptors } from './descriptors.ts';

const config = (more = '') =>
  parseConfig(
    `hostname: msa.example.org\ndomains: [example.org]\ntls: { cert: c, key: k }\nrelay: { smarthost: 'smtp://mta:25' }\n${more}`,
    'x',
  );

test('F-DOS-2/3: connections leave descriptors for everything else, and it is said when fewer fit than are configured', () => {
  assert.deepEqual(planDescriptors(config(), undefined), { connections: 10_000 });
  assert.deepEqual(planDescriptors(config(), 65_536), { connections: 10_000 });
  const few = planDescriptors(config(), 1024);
  assert.equal(few.connections, 773);
  assert.match(few.warning ?? '', /limits\.connections is 10000, .* 1024 .*: only 773 .*LimitNOFILE=10712/);
  const withAll = planDescriptors(
    config('web: { port: 443 }\nlocal: { services: [{ osUser: www, identity: w }] }'),
    2048,
  );
  // Of 2048: 256 for the web, 512 for each of the two sockets of local submission, and the rest as above.
  assert.equal(withAll.connections, Math.floor((2048 - 256 - 2 * 512 - 192 - 20) / 1.05));
  assert.equal(planDescriptors(config(), 64).connections, 10, 'never none at all');
  assert.deepEqual(planDescriptors(config('limits: { connections: 500 }'), 1024), { connections: 500 });
});

test('F-DOS-2/3: the limit is read as the system writes it', () => {
  const text =
    'Limit  Soft Limit  Hard Limit  Units\nMax processes  9  9  processes\nMax open files            1024                 4096                 files     \n';
  assert.equal(readLimit(text), 1024);
  assert.equal(
    readLimit('Max open files            unlimited            unlimited            files'),
    undefined,
  );
  assert.equal(readLimit(''), undefined);
  assert.ok((descriptorLimit() ?? 1) > 0);
  assert.ok((openDescriptors() ?? 1) > 0);
});

test('F-DOS-2/3: trouble is told before there is none left', () => {
  assert.equal(descriptorTrouble(800, 1024), undefined);
  assert.match(descriptorTrouble(1000, 1024) ?? '', /1000 of 1024 .*LimitNOFILE/);
  assert.equal(descriptorTrouble(undefined, 1024), undefined);
  assert.equal(descriptorTrouble(10, undefined), undefined);
});
