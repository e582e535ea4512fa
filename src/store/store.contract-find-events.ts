// Contract, part six and a half: what a word of the trail leads to beside messages: refusals and failed log-ins, by time, by client, in parts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft, SessionFacts } from '../record/events.ts';
import {
  type Cursor,
  EXAMINED_MAX,
  type EventRange,
  type MessageRange,
  NEWEST_EXAMINED,
  type TraceTerm,
} from './lookups.ts';
import { Bench, DAY, HOUR, MINUTE, type Open, START, started } from './store.contract-fixtures.ts';

const i1: TraceTerm = { kind: 'identity', identityId: 'i1' };

const sessionFrom = (clientAddress: string): SessionFacts => ({
  ...{ sessionId: 's', role: 'submission', clientAddress, clientPort: 1 },
  ...{ serverAddress: '198.51.100.1', serverPort: 465, ehlo: 'c' },
});

function refusedAt(time: number, clientAddress: string = '192.0.2.7', identityId: string = 'i1'): EventDraft {
  const principal = { identityId, login: 'a', credentialId: 'p', credentialLabel: 'p', mechanism: 'PLAIN' };
  const reply = { command: 'RCPT', replyCode: 550, replyStatus: '5.1.1', cause: 'no such mailbox', count: 1 };
  const paths = { reversePath: 'Sales@Example.org', forwardPaths: ['bob@example.net', 'Carla@example.net'] };
  const payload = { session: sessionFrom(clientAddress), principal, ...reply, ...paths };
  return { type: 'refused', time, identityId, payload };
}

function failedAt(time: number, clientAddress: string = '192.0.2.9'): EventDraft {
  const tried = { mechanism: 'PLAIN', cause: 'wrong secret', network: clientAddress, count: 1, login: 'a' };
  return {
    ...{ type: 'authenticationFailed', time, identityId: 'i1' },
    payload: { session: sessionFrom(clientAddress), ...tried },
  };
}

async function record(bench: Bench, events: readonly EventDraft[]): Promise<void> {
  assert.deepEqual(await bench.one({ type: 'record', events }), { type: 'recorded' });
}

async function found(bench: Bench, term: TraceTerm, range: Omit<EventRange, 'max'> = {}): Promise<string[]> {
  const { events, next } = await bench.lookups.findEvents([term], { max: 100, ...range });
  assert.equal(next, undefined);
  return events.map(({ type, time }) => `${type} ${(time - START) / MINUTE}`);
}

export function findEventsContract(name: string, open: Open): void {
  byWordContract(name, open);
  byTimeContract(name, open);
  inPartsContract(name, open);
  byNetworkContract(name, open);
  ofIdentityContract(name, open);
  newestContract(name, open);
  nulContract(name, open);
}

/** A text of PostgreSQL holds none. */
function nulContract(name: string, open: Open): void {
  test(`${name}: what is asked for with a NUL is not there`, async () => {
    await using bench = await Bench.open(open);
    const { lookups } = bench;
    const terms: readonly TraceTerm[] = [
      { kind: 'address', address: 'a\0@example.org' },
      { kind: 'messageIdField', value: '<\0@example.org>' },
      { kind: 'identity', identityId: 'i1\0' },
    ];
    for (const term of terms) {
      assert.deepEqual((await lookups.findMessages(term, { max: 10 })).ids, []);
      assert.deepEqual((await lookups.findEvents([term], { max: 10 })).events, []);
    }
    const login = 'alice\0@example.org';
    assert.equal(await lookups.identityByLogin(login), undefined);
    assert.deepEqual(await lookups.identitiesByAddress(login), []);
    assert.deepEqual(await lookups.queue({ from: login }, { max: 10 }), []);
    assert.equal(await lookups.message('\0'), undefined);
  });
}

function newestContract(name: string, open: Open): void {
  test(`${name}: the newest acceptances, whatever else was written, as far back as a glance goes`, async () => {
    await using bench = await Bench.open(open);
    assert.deepEqual(await bench.lookups.newestAcceptances(9), []);
    const ids: string[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      ids.unshift((await bench.accepted({ identityId: `i${minute}` })).message.id);
      await record(bench, [refusedAt(bench.clock.now()), started(bench.clock.now())]);
      bench.clock.advance(MINUTE);
    }
    const newest = async (max: number) =>
      (await bench.lookups.newestAcceptances(max)).map((one) => one.messageId);
    assert.deepEqual(await newest(3), ids.slice(0, 3));
    assert.deepEqual(await newest(9), ids);
    const [first] = await bench.lookups.newestAcceptances(1);
    assert.equal(first?.payload?.envelope.recipients.length, 1);
    const others = Array.from({ length: NEWEST_EXAMINED - 3 }, () => started(bench.clock.now()));
    await record(bench, others);
    assert.deepEqual(await newest(9), ids.slice(0, 1));
  });
}

function byWordContract(name: string, open: Open): void {
  test(`BCP134-3.1-h D-TR-1: ${name}: an identity leads to what it was accepted, refused and failed at, an address to the refusals that name it`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [failedAt(START + MINUTE), refusedAt(START + 2 * MINUTE)]);
    bench.clock.advance(3 * MINUTE);
    const { message } = await bench.accepted({ identityId: 'i1' });
    await record(bench, [refusedAt(START + 4 * MINUTE, '192.0.2.7', 'i2')]);
    const mine = ['accepted 3', 'refused 2', 'authenticationFailed 1'];
    const expectFound = async (when: string): Promise<void> => {
      assert.deepEqual(await found(bench, i1), mine, when);
      for (const address of ['sales@example.org', 'BOB@example.net', 'carla@EXAMPLE.net']) {
        const bobs = address.startsWith('BOB') ? ['accepted 3'] : [];
        const expected = ['refused 4', ...bobs, 'refused 2'];
        assert.deepEqual(await found(bench, { kind: 'address', address }), expected, `${when}: ${address}`);
      }
      assert.deepEqual(await bench.findIds(i1, 9), [message.id], when);
    };
    await expectFound('at once');
    await bench.restart();
    await expectFound('after a restart');
  });

  test(`D-TR-1: ${name}: what any of several words names, each event once, the newest first`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [
      refusedAt(START, '192.0.2.7', 'i1'),
      refusedAt(START + MINUTE, '192.0.2.7', 'i2'),
      failedAt(START + 2 * MINUTE),
      refusedAt(START + 3 * MINUTE, '192.0.2.7', 'i3'),
    ]);
    const terms: readonly TraceTerm[] = [
      i1,
      { kind: 'address', address: 'bob@example.net' },
      { kind: 'identity', identityId: 'i2' },
    ];
    for (const when of ['at once', 'after a restart']) {
      const minutes: number[] = [];
      let after: Cursor | undefined;
      do {
        const range = { max: 2, ...(after === undefined ? {} : { after }) };
        const part = await bench.lookups.findEvents(terms, range);
        minutes.push(...part.events.map(({ time }) => (time - START) / MINUTE));
        after = part.next;
      } while (after !== undefined);
      assert.deepEqual(minutes, [3, 2, 1, 0], when);
      await bench.restart();
    }
    assert.deepEqual(await bench.lookups.findEvents([], { max: 2 }), { events: [] });
  });

  test(`D-TR-1: ${name}: what was forgotten is found no more, by identity or by address`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [refusedAt(START), failedAt(START)]);
    const erase = { addresses: [], before: START + DAY, now: START + DAY, by: 'root' };
    assert.deepEqual(await bench.one({ type: 'erase', identityId: 'i1', ...erase }), {
      ...{ type: 'erased', count: 2, kept: 0 },
    });
    assert.deepEqual(await found(bench, i1), []);
    await record(bench, [refusedAt(START)]);
    await bench.one({ type: 'erase', ...erase, addresses: ['bob@example.net'] });
    assert.deepEqual(await found(bench, { kind: 'address', address: 'sales@example.org' }), []);
    await record(bench, [refusedAt(START)]);
    await bench.one({ type: 'purge', eventsBefore: START + DAY, now: START + DAY, max: 99 });
    assert.deepEqual(await found(bench, i1), []);
  });
}

function byTimeContract(name: string, open: Open): void {
  test(`D-TR-1: ${name}: by time, both ends included, though an event was written later than its time says; by client`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [
      refusedAt(START, '192.0.2.1'),
      failedAt(START + DAY, '192.0.2.2'),
      refusedAt(START + 2 * DAY, '192.0.2.1'),
      // A slow message: dated when its content began.
      refusedAt(START + DAY + HOUR, '192.0.2.3'),
      refusedAt(START + 3 * DAY, '192.0.2.1'),
    ]);
    const minutes = (range: Omit<EventRange, 'max'>) =>
      found(bench, i1, range).then((all) => all.map((one) => Number(one.split(' ')[1]) / 60));
    assert.deepEqual(await minutes({}), [72, 25, 48, 24, 0]);
    assert.deepEqual(await minutes({ since: START + DAY }), [72, 25, 48, 24]);
    assert.deepEqual(await minutes({ since: START + DAY + 1 }), [72, 25, 48]);
    assert.deepEqual(await minutes({ until: START + DAY }), [24, 0]);
    assert.deepEqual(await minutes({ since: START + 1, until: START + 2 * DAY }), [25, 48, 24]);
    assert.deepEqual(await minutes({ since: START + 4 * DAY }), []);
    assert.deepEqual(await minutes({ clientAddress: '192.0.2.1' }), [72, 48, 0]);
    assert.deepEqual(await minutes({ clientAddress: '192.0.2.1', until: START + 2 * DAY }), [48, 0]);
    assert.deepEqual(await minutes({ clientAddress: '192.0.2.4' }), []);
  });

  test(`D-TR-1: ${name}: messages by time, both ends included, and in parts`, async () => {
    await using bench = await Bench.open(open);
    const ids: string[] = [];
    for (let day = 0; day < 5; day += 1) {
      ids.unshift((await bench.accepted({ identityId: 'i1' })).message.id);
      await record(bench, [refusedAt(bench.clock.now())]);
      bench.clock.advance(DAY);
    }
    const by = async (range: MessageRange) => (await bench.lookups.findMessages(i1, range)).ids;
    assert.deepEqual(await by({ max: 9, since: START + DAY, until: START + 3 * DAY }), ids.slice(1, 4));
    assert.deepEqual(await by({ max: 9, until: START - 1 }), []);
    const parts: (readonly string[])[] = [];
    let after: Cursor | undefined;
    do {
      const part = await bench.lookups.findMessages(i1, {
        max: 2,
        ...(after === undefined ? {} : { after }),
      });
      parts.push(part.ids);
      after = part.next;
    } while (after !== undefined);
    assert.deepEqual(parts.flat(), ids);
    assert.ok(parts.every(({ length }) => length <= 2));
  });
}

function inPartsContract(name: string, open: Open): void {
  test(`D-TR-1: ${name}: in parts, and no more is looked at than a part may`, async () => {
    await using bench = await Bench.open(open);
    await record(
      bench,
      Array.from({ length: 7 }, (_, at) => refusedAt(START + at * MINUTE)),
    );
    const times: number[] = [];
    let after: Cursor | undefined;
    do {
      const part = await bench.lookups.findEvents([i1], {
        max: 3,
        ...(after === undefined ? {} : { after }),
      });
      assert.ok(part.events.length <= 3);
      times.push(...part.events.map(({ time }) => (time - START) / MINUTE));
      after = part.next;
    } while (after !== undefined);
    assert.deepEqual(times, [6, 5, 4, 3, 2, 1, 0]);

    const many = Array.from({ length: EXAMINED_MAX }, (_, at) => refusedAt(START + DAY + at));
    await record(bench, many);
    const rare = { clientAddress: '192.0.2.8', max: 5 };
    const { next = '', events } = await bench.lookups.findEvents([i1], rare);
    assert.deepEqual([events, next !== ''], [[], true]);
    assert.deepEqual(await bench.lookups.findEvents([i1], { ...rare, after: next }), { events: [] });
  });
}

function byNetworkContract(name: string, open: Open): void {
  test(`D-TR-1: ${name}: a client's network leads to what came from there, a kind of event to that alone`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [
      refusedAt(START, '192.0.2.1', 'i1'),
      failedAt(START + MINUTE, '192.0.2.250'),
      refusedAt(START + 2 * MINUTE, '192.0.3.1', 'i2'),
      refusedAt(START + 3 * MINUTE, '2001:db8:0:1::7'),
      refusedAt(START + 4 * MINUTE, '2001:db8:0:1:ffff::1'),
      refusedAt(START + 5 * MINUTE, '2001:db8:0:2::7'),
    ]);
    bench.clock.advance(6 * MINUTE);
    const { message } = await bench.accepted({ identityId: 'i1' });
    const at = (address: string): TraceTerm => ({ kind: 'network', address });
    for (const when of ['at once', 'after a restart']) {
      const here = ['accepted 6', 'authenticationFailed 1', 'refused 0'];
      assert.deepEqual(await found(bench, at('192.0.2.77')), here, when);
      assert.deepEqual(await found(bench, at('::ffff:192.0.2.77')), here, when);
      assert.deepEqual(await found(bench, at('2001:DB8:0:1::')), ['refused 4', 'refused 3'], when);
      assert.deepEqual(await found(bench, at('192.0.4.1')), [], when);
      assert.deepEqual(await found(bench, at('nowhere')), [], when);
      assert.deepEqual(await found(bench, at('192.0.2.1'), { types: ['refused'] }), ['refused 0'], when);
      assert.deepEqual(await bench.findIds(at('192.0.2.9'), 9), [message.id], when);
      await bench.restart();
    }
    const erase = { addresses: [], before: START + DAY, now: START + DAY, by: 'root' };
    await bench.one({ type: 'erase', identityId: 'i1', ...erase });
    assert.deepEqual(await found(bench, at('192.0.2.77')), ['accepted 6'], 'it is queued');
    assert.deepEqual(await found(bench, at('2001:db8:0:1::')), [], 'i1');
  });
}

function ofIdentityContract(name: string, open: Open): void {
  test(`D-TR-1: ${name}: an identity leads to events of every kind, its messages are those it sent`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ identityId: 'i1' });
    await record(bench, [{ ...started(START + MINUTE), identityId: 'i1' }]);
    await bench.one({ type: 'withdraw', messageId: message.id, owner: 'a', now: START + HOUR, by: 'x' });
    const to = async (recipient: string) => found(bench, i1, { recipient });
    assert.deepEqual(await to('BOB@example'), ['accepted 0'], 'a part of an address, in any case');
    assert.deepEqual(await to('carla'), []);
    for (const when of ['at once', 'after a restart']) {
      assert.deepEqual(await found(bench, i1), ['dropped 60', 'started 1', 'accepted 0'], when);
      assert.deepEqual(await bench.findIds(i1, 1), [message.id], when);
      await bench.restart();
    }
    const erase = { addresses: [], before: START + DAY, now: START + DAY, by: 'root' };
    const erased = await bench.one({ type: 'erase', identityId: 'i1', ...erase });
    assert.deepEqual(erased, { type: 'erased', count: 3, kept: 0 });
    assert.deepEqual(await found(bench, i1), []);
  });
}
