// What the overview tells of the DNS of our domains: what was found last, with its age, and never by asking.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { openDesk } from '../../test/fakes/console.ts';
import type { RecordAnswer } from '../platform/record-lookup.ts';
import { MINUTE } from '../store/store.contract-fixtures.ts';

async function overviewOf(
  domains: readonly string[],
  {
    asked = [],
    answer = { type: 'answer', records: [] },
  }: { asked?: readonly string[]; answer?: RecordAnswer } = {},
): Promise<string> {
  let questions = 0;
  const lookup = () => {
    questions += 1;
    return Promise.resolve(answer);
  };
  const office = openOffice({ domains, records: { lookup } });
  for (const domain of asked) await office.checkDomain({ domain });
  const before = questions;
  const desk = openDesk({ office });
  office.clock.advance(5 * MINUTE);
  const { cookie } = await desk.enter();
  const text = await (await desk.get('/', { cookie })).text();
  assert.equal(questions, before, 'the page asks nobody');
  return text;
}

test('a domain with records that are wrong is told with its age and the way to its page', async () => {
  const text = await overviewOf(['a.house', 'b.house'], { asked: ['a.house'] });
  assert.match(
    text,
    /href="\/domains\/domain\?name=a\.house"[^]*state fail">\d+ records missing or different[^]*asked[^]*5 minutes[^]*ago/,
  );
  assert.match(text, /The DNS of a domain of ours is not as it should be/);
  assert.match(text, /All is well\./, 'mail goes through all the same');
  assert.doesNotMatch(text, /name=b\.house/);
});

test('a DNS that did not answer is told as such, and says nothing against the domain', async () => {
  const text = await overviewOf(['a.house'], {
    asked: ['a.house'],
    answer: { type: 'failed', cause: 'ESERVFAIL' },
  });
  assert.match(text, /name=a\.house"[^]*state wait">\d+ records not known/);
  assert.doesNotMatch(text, /not as it should be\./);
});

for (const [why, domains, says] of [
  ['nobody has asked yet', ['a.house'], /Not asked yet: the console begins two minutes after its start/],
  ['there are only names for examples', ['example.org'], /Not asked: these names are reserved for examples/],
] as const)
  test(`what is not known is said: ${why}`, async () => {
    assert.match(await overviewOf(domains), says);
  });

test('of many that are wrong some are named, and the others counted', async () => {
  const domains = Array.from({ length: 12 }, (_, at) => `d${String(at).padStart(2, '0')}.house`);
  const text = await overviewOf(domains, { asked: domains });
  assert.equal(text.match(/name=d\d\d\.house/g)?.length, 10);
  assert.match(text, /And 2 more domains/);
  assert.match(text, /The DNS of 12 of our domains is not as it should be/);
});
