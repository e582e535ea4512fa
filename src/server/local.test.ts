// What the submission socket says to a user of this host of the account it is bound to.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { aliceAsStored as alice } from '../../test/fakes/submission.ts';
import { EX } from '../base/sysexits.ts';
import { parseConfig } from '../config/load.ts';
import { createLog } from '../observe/log.ts';
import { systemClock } from '../platform/clock.ts';
import type { Identity } from '../record/identity.ts';
import { askOwnAddress } from '../send/local.ts';
import { startLocal } from './local.ts';

const suspended: Identity = { ...alice, state: 'suspended' };
const removed: Identity = { ...alice, state: 'removed' };
const service: Identity = { ...alice, login: 'website', rights: [] };
const shop: Identity = { ...service, rights: [{ kind: 'granted', address: 'shop@example.org' }] };
const tombstone: Identity = { ...removed, login: 'website@example.org' };

const noAccount = (login: string) => ({
  code: EX.NOPERM,
  message: new RegExp(`takes no mail from this user: .* is bound to ${login}: no such account$`),
});

const rows: readonly (readonly [why: string, bound: string, there: readonly Identity[], ends: object])[] = [
  ['its login is a mailbox', 'alice@example.org', [alice], { address: 'alice@example.org' }],
  ['it is suspended', 'alice@example.org', [suspended], { address: 'alice@example.org' }],
  ['it is removed', 'alice@example.org', [removed], noAccount('alice@example\\.org')],
  ['there never was one', 'alice@example.org', [], noAccount('alice@example\\.org')],
  ['it is a service', 'website', [shop], { address: 'shop@example.org' }],
  ['a removed mailbox had its name', 'website', [tombstone, shop], { address: 'shop@example.org' }],
  ['it is a service that may use no address', 'website', [service], {}],
];

for (const [why, bound, there, ends] of rows)
  test(`the address of a user's account, where ${why}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-local-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const text = `hostname: msa.example.org
domains: [example.org]
tls: { cert: cert.pem, key: key.pem }
relay: { files: ./outbox }
local: { socket: submit.sock, services: [{ osUser: '${process.getuid?.() ?? 0}', identity: ${bound} }] }
`;
    const config = parseConfig(text, 'postern.yaml');
    const path = (relative: string): string => join(directory, relative);
    const first = { ...{ file: 'postern.yaml', directory, config }, path };
    const identityByLogin = async (login: string) => there.find((one) => one.login === login);
    const stop = await startLocal({
      ...{ first, loaded: () => first, clock: systemClock, notTaken: assert.ifError },
      log: createLog('error', { write: () => undefined }),
      supervisor: {
        lookups: { identityByLogin } as never,
        submit: () => assert.fail('nothing is handed in'),
      },
    });
    t.after(stop);
    const asked = askOwnAddress(path('submit.sock'));
    if ('code' in ends) await assert.rejects(asked, ends);
    else assert.deepEqual(await asked, ends);
  });
