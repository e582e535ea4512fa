// Each path of the API in each role, on what is its own, on what is foreign and on what there never was.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, openApiDesk } from '../../../test/fakes/api.ts';
import { apiSamples, prepare } from '../../../test/fakes/api-samples.ts';
import {
  type Attempt,
  colleague,
  EndlessVerifier,
  foreign,
  own,
  type Row,
  testEachRole,
} from '../../../test/fakes/role-matrix.ts';
import { isFor, scopesFor } from '../../administration/permissions.ts';
import { ownUseCases } from '../../administration/use-cases.ts';
import type { Role } from '../../record/identity.ts';
import { acceptOf, identityChange, identityOf } from '../../store/store.contract-fixtures.ts';
import { withCredentials } from '../../store/shown-identity.ts';
import { routes } from './routes.ts';

interface Path extends Row {
  readonly method: string;
  readonly name: string;
}

const rows = Object.fromEntries(
  routes.map(({ name, method, useCase, takesReason }) => {
    const does = method !== 'GET' ? 'changes' : takesReason ? 'looks' : 'tells';
    const ofOneself = Object.hasOwn(ownUseCases, useCase) ? ({ ofOneself: true } as const) : {};
    return [name, { name, method, needs: [useCase], does, ...ofOneself } satisfies Path];
  }),
);

async function open() {
  const content = (async function* () {
    yield Buffer.from('SQLite format 3');
  })();
  const api = await openApiDesk({
    verifier: new EndlessVerifier(),
    copy: () => Promise.resolve({ content, close: () => Promise.resolve() }),
  });
  const { clock, ports } = api.office;
  const carol = identityOf(colleague.login, { id: idOf(colleague.login) });
  const said = { from: carol.login, identityId: carol.id };
  await ports.store.commit([
    identityChange(carol, 0, clock.now()),
    acceptOf(colleague.message, clock.now(), said),
  ]);
  return api;
}

testEachRole('paths', rows, async ({ name, method, needs, ofOneself }, role, target): Promise<Attempt> => {
  const sample = apiSamples[name] ?? assert.fail(name);
  const api = await open();
  const { office } = api;
  const isAlice = role === 'user' || ofOneself === true;
  // What some of them need ends the account that is to be refused.
  if (role !== 'user' || needs.every((useCase) => isFor(role, useCase)))
    for (const one of [own, colleague, foreign]) await prepare(api, sample, one);
  const token = isAlice ? await tokenOfAlice(api.office, role) : await api.tokenOf(role);
  const body = sample.body?.(target);
  const said = { token, headers: { reason: 'ticket' }, ...(body === undefined ? {} : { body }) };
  return {
    office,
    async ask() {
      const answer = await api.ask(`${method} ${sample.path(target)}` as 'GET /', said);
      const text = `${answer.status} ${await answer.text()}`;
      assert.deepEqual(api.faults, []);
      const { status } = answer;
      return { text, came: status === 403 ? 'denied' : status < 400 ? 'done' : 'refused' };
    },
  };
});

async function tokenOfAlice(office: Awaited<ReturnType<typeof open>>['office'], role: Role): Promise<string> {
  const { login, domain } = own;
  if (role !== 'user') await office.setRole({ login, role, domains: role === 'domainAdmin' ? [domain] : [] });
  return (await office.addToken({ login, label: 'test', scopes: scopesFor(role) })).token;
}

test('of a colleague with a role a domain admin changes nothing by any path', async () => {
  const ofOthers = Object.values(rows).filter(
    ({ name, method }) => method !== 'GET' && apiSamples[name]?.path(own).includes(`/accounts/${own.login}`),
  );
  assert.ok(ofOthers.length > 10);
  for (const { name, method } of ofOthers) {
    const sample = apiSamples[name] ?? assert.fail(name);
    const api = await open();
    const { ports, clock } = api.office;
    await prepare(api, sample, own);
    const kept = async () => (await ports.lookups.identityByLogin(own.login)) ?? assert.fail(name);
    const alice = await kept();
    await ports.store.commit([
      identityChange({ ...withCredentials(alice), role: 'auditor' }, alice.revision, clock.now()),
    ]);
    const [before, token, body] = [await kept(), await api.tokenOf('domainAdmin'), sample.body?.(own)];
    const answer = await api.ask(`${method} ${sample.path(own)}` as 'GET /', {
      ...{ token, headers: { reason: 'ticket' } },
      ...(body === undefined ? {} : { body }),
    });
    assert.equal(answer.status, 403, `${name}: ${await answer.text()}`);
    assert.deepEqual(await kept(), before, name);
  }
});
