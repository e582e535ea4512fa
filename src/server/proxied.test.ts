// Connections from a proxy: who is believed, what a header that is not whole costs, and that everything afterwards knows the client alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns } from '../../test/fakes/front.ts';
import { type FrontClient, plan, wholeFront } from '../../test/fakes/whole-front.ts';
import type { ListenerPlan } from './plan.ts';

const PROXY = '10.0.0.7';
const listeners: readonly ListenerPlan[] = [
  {
    address: undefined,
    port: 587,
    role: 'submission',
    tls: 'none',
    proxy: ['10.0.0.0/24', '2001:db8:7::/48'],
  },
];

async function behindProxy(changes: Parameters<typeof wholeFront>[0] = {}) {
  const here = await wholeFront({ listeners, logLevel: 'debug', ...changes });
  await here.ask({ ask: 'listen' });
  return here;
}

type Here = Awaited<ReturnType<typeof behindProxy>>;

const headerFor = (client: string): string =>
  `PROXY TCP${client.includes(':') ? 6 : 4} ${client} ${client.includes(':') ? '2001:db8::2' : '198.51.100.1'} 50123 465\r\n`;

function lines({ told, clock }: Here, message: string): readonly Record<string, unknown>[] {
  clock.advance(1_000);
  return told
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === message);
}

const UNNAMED = 'closed: the proxy did not say whose connection it is';

const good: readonly (readonly [why: string, pieces: readonly string[]])[] = [
  ['in one piece', [headerFor('192.0.2.1')]],
  ['octet by octet', [...headerFor('192.0.2.1')]],
  ['with the first commands behind it', [`${headerFor('192.0.2.1')}EHLO c\r\n`]],
  ['version 2', ['\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xc3\xcb\x01\xd1']],
];

for (const [why, pieces] of good)
  test(`a header ${why}: the session is the client's, and nothing is said before it`, async () => {
    const here = await behindProxy();
    const client = here.open(PROXY);
    await turns();
    for (const piece of pieces) {
      assert.equal(client.heard, '');
      await client.say(piece);
    }
    assert.match(client.heard, /^220 /);
    if (!pieces.join('').includes('EHLO')) await client.say('EHLO c\r\n');
    assert.match(client.heard, /^250 /m);
    await client.say('QUIT\r\n');
    assert.match(client.heard, /^221 /m);
    await client.leave();
    const [{ client: address, clientPort, port, proxy } = {}] = lines(here, 'connected');
    assert.deepEqual([address, clientPort, port, proxy], ['192.0.2.1', 50_123, 465, PROXY]);
  });

test('a login is judged, remembered and recorded with the address of the client', async () => {
  const here = await behindProxy();
  const client = here.open('::ffff:10.0.0.7');
  await client.say(`${headerFor('2001:db8:1::1')}EHLO c\r\nAUTH PLAIN AGEAYg==\r\n`);
  assert.match(client.heard, /^235 /m);
  assert.match(JSON.stringify(here.asked.lookupThread), /2001:db8:1::1/);
  assert.doesNotMatch(JSON.stringify(here.asked.lookupThread), /10\.0\.0\.7/);
  await client.say('MAIL FROM:<mallory@example.org>\r\nQUIT\r\n');
  await client.leave();
  here.clock.advance(60_000);
  await turns();
  const recorded = JSON.stringify(here.asked.store).replaceAll('\\', '');
  assert.match(
    recorded,
    /"clientAddress":"2001:db8:1::1","clientPort":50123,"serverAddress":"2001:db8::2","serverPort":465/,
  );
  assert.match(
    recorded,
    /"proxy":\{"address":"10.0.0.7","port":40000,"serverAddress":"192.0.2.100","serverPort":587\}/,
  );
});

test('connections are limited for the client, whichever proxy it comes by, and never for the proxy', async () => {
  const here = await behindProxy({ admission: { ...plan.admission, unauthenticatedPerNetwork: 2 } });
  const from = async (proxy: string, client: string): Promise<FrontClient> => {
    const one = here.open(proxy);
    await one.say(headerFor(client));
    return one;
  };
  const greetings: string[] = [];
  for (const [proxy, client] of [
    [PROXY, '192.0.2.1'],
    ['10.0.0.8', '192.0.2.1'],
    [PROXY, '192.0.2.1'],
    [PROXY, '192.0.2.2'],
    [PROXY, '192.0.2.3'],
  ] as const)
    greetings.push((await from(proxy, client)).heard.slice(0, 3));
  assert.deepEqual(greetings, ['220', '220', '421', '220', '220']);
});

type Refusal = readonly [why: string, says: string | undefined, cause: string];

const refused: readonly Refusal[] = [
  ['a client that speaks at once', 'EHLO c\r\n', 'the PROXY header is missing'],
  ['a TLS handshake without it', '\x16\x03\x01\x02\x00\x01', 'the PROXY header is missing'],
  [
    'a line that never ends',
    `PROXY TCP4 ${'1'.repeat(100_000)}`,
    'the PROXY header is longer than 107 octets',
  ],
  [
    'a giant of version 2',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff',
    'the PROXY header is longer than 536 octets',
  ],
  [
    'a name',
    'PROXY TCP4 localhost 198.51.100.1 1 2\r\n',
    'the PROXY header holds an address that is none of TCP4',
  ],
];

for (const [why, says = '', cause] of refused)
  test(`from the proxy's network, ${why}: closed without a word, and logged`, async () => {
    const here = await behindProxy();
    const client = here.open(PROXY);
    await client.say(says);
    assert.deepEqual([client.heard, client.isClosed], ['', true]);
    assert.deepEqual(
      lines(here, UNNAMED).map((line) => [line['proxy'], line['port'], line['cause']]),
      [[PROXY, 587, cause]],
    );
    const { counts } = await here.figures();
    assert.deepEqual([counts.unnamed, counts.connections], [1, {}]);
  });

test('half a header is waited for 5 s from the connection on, however it trickles', async () => {
  const here = await behindProxy();
  const silent = here.open(PROXY);
  const trickling = here.open(PROXY);
  for (const octet of 'PROXY TCP4 ') {
    here.clock.advance(450);
    await trickling.say(octet);
  }
  assert.deepEqual([silent.isClosed, trickling.isClosed], [false, false]);
  here.clock.advance(50);
  await turns();
  assert.deepEqual([silent.isClosed, trickling.isClosed], [true, true]);
  assert.deepEqual(
    lines(here, UNNAMED).map(({ cause }) => cause),
    ['the PROXY header did not come within 5 s', 'the PROXY header did not come within 5 s'],
  );
});

test('headers that do not come count among all connections, and not for the network of the proxy', async () => {
  const here = await behindProxy({
    admission: { ...plan.admission, unauthenticatedPerNetwork: 1, total: 5 },
  });
  const waiting = [1, 2, 3, 4, 5].map(() => here.open(PROXY));
  const onTop = here.open(PROXY);
  await turns();
  assert.deepEqual(
    [...waiting, onTop].map(({ isClosed }) => isClosed),
    [false, false, false, false, false, true],
  );
  assert.match(await here.client('192.0.2.1', 'QUIT'), /^421 /, 'nor do others find room');
  await waiting[0]?.leave();
  assert.match(await here.client('192.0.2.1', 'QUIT'), /^220 /);
  here.clock.advance(5_000);
  await turns();
  const named = here.open(PROXY);
  await named.say(headerFor('192.0.2.1'));
  assert.match(named.heard, /^220 /);
});

const quiet: readonly (readonly [why: string, says: string])[] = [
  ['UNKNOWN', 'PROXY UNKNOWN\r\nEHLO c\r\n'],
  ['LOCAL', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0EHLO c\r\n'],
  ['a connection that only opens', ''],
];

for (const [why, says] of quiet)
  test(`a proxy that only looks: ${why}: no session, nothing to read above debug`, async () => {
    const here = await behindProxy();
    const client = here.open(PROXY);
    if (says !== '') await client.say(says);
    else await client.leave();
    assert.deepEqual([client.heard, client.isClosed], ['', true]);
    assert.deepEqual(
      lines(here, 'a proxy looked in').map(({ level, proxy }) => [level, proxy]),
      [['debug', PROXY]],
    );
    assert.deepEqual([lines(here, UNNAMED), lines(here, 'connected')], [[], []]);
    assert.equal((await here.figures()).counts.unnamed, 0);
  });

test('a header that breaks off is logged', async () => {
  const here = await behindProxy();
  const client = here.open(PROXY);
  await client.say('PROXY TCP4');
  await client.leave();
  assert.deepEqual(
    lines(here, UNNAMED).map(({ cause }) => cause),
    ['the PROXY header broke off'],
  );
});

const spoofed: readonly (readonly [why: string, says: string])[] = [
  ['version 1', headerFor('127.0.0.1')],
  ['version 2', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\xc3\xcb\x01\xd1'],
];

for (const [why, says] of spoofed)
  test(`a header of ${why} from elsewhere is nonsense of a client, and claims nothing`, async () => {
    const here = await behindProxy();
    const client = here.open('10.0.1.7');
    await turns();
    assert.match(client.heard, /^220 /, 'greeted at once');
    await client.say(says);
    assert.match(client.heard, /^5\d\d /m);
    await client.say('EHLO c\r\nAUTH PLAIN AGEAYg==\r\n');
    assert.doesNotMatch(JSON.stringify(here.asked.lookupThread), /127\.0\.0\.1/);
    await client.leave();
    assert.deepEqual(
      lines(here, 'connected').map((line) => [line['client'], line['proxy']]),
      [['10.0.1.7', undefined]],
    );
  });

test('a second header is nonsense of the client: the first one holds', async () => {
  const here = await behindProxy();
  const client = here.open(PROXY);
  await client.say(headerFor('192.0.2.1') + headerFor('127.0.0.1'));
  assert.match(client.heard, /^220 [^]*^5\d\d /m);
  await client.leave();
  assert.deepEqual(
    lines(here, 'connected').map((line) => line['client']),
    ['192.0.2.1'],
  );
});

test("the self-test comes without a header, also where its address is a proxy's", async () => {
  const here = await behindProxy();
  await here.ask({ ask: 'selfTest', from: PROXY });
  assert.match(await here.client(PROXY, 'QUIT'), /^220 [^]*^221 /m);
  await here.ask({ ask: 'selfTest', from: undefined });
  assert.equal(await here.client(PROXY, 'QUIT'), '');
});

test('nobody claims to be the self-test by a header', async () => {
  const here = await behindProxy();
  await here.ask({ ask: 'selfTest', from: '127.1.2.3' });
  const client = here.open(PROXY);
  await client.say(`${headerFor('127.1.2.3')}QUIT\r\n`);
  assert.deepEqual((await here.figures()).counts.connections, { submission: 1 });
});

test('a drain waits for no header', async () => {
  const here = await behindProxy();
  const client = here.open(PROXY);
  await here.ask({ ask: 'drain', graceMs: 60_000 });
  await turns();
  assert.equal(client.isClosed, true);
  assert.deepEqual(lines(here, UNNAMED), []);
});
