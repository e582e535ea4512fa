// The private HTTP port as monitors and balancers ask it.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { messageIdSource } from '../base/message-id.ts';
import { openOffice } from '../../test/fakes/administration.ts';
import { freePort } from '../../test/free-port.ts';
import type { ReadyLook } from '../server/readiness.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';
import type { Page } from './pages/page.ts';
import { pages, type PageSources } from './pages/pages.ts';
import { startPrivateHttp } from './private.ts';

const ready: readonly ReadyLook[] = [
  { name: 'store', because: undefined },
  { name: 'staying', because: undefined },
];
const leaving: readonly ReadyLook[] = [
  { name: 'store', because: undefined },
  { name: 'staying', because: 'the server is about to stop' },
];

/** Status line, content type and body. */
async function ask(
  looks: readonly ReadyLook[],
  request: string,
  { administration = openOffice().ports, shown = pages } = {},
): Promise<readonly [string, string, string]> {
  const port = await freePort();
  const close = await startPrivateHttp(
    {
      ...{ port, address: '127.0.0.1', contentType: 'text/plain', hostname: () => 'msa.example.org' },
      metrics: () => Promise.resolve('m 1\n'),
      health: () => Promise.resolve({ problems: [], warnings: [] }),
      ...{ ready: () => Promise.resolve(looks), selfTest: () => 'passed', notTaken: assert.ifError },
      administration,
    },
    shown,
  );
  try {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (data) => (heard += String(data)));
    socket.write(request);
    await new Promise((resolve) => socket.once('close', resolve));
    const [head = '', body = ''] = heard.split('\r\n\r\n');
    const [, type = ''] = /^content-type: ([^;\r]*)/im.exec(head) ?? [];
    return [head.split('\r\n')[0]?.slice('HTTP/1.1 '.length) ?? '', type, body];
  } finally {
    await close();
  }
}

const get = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}\r\n`;
const JSON_WANTED = 'Accept: application/json\r\n';

const named = (path: string, more = ''): string => get(path, more).replace('127.0.0.1', 'backend-pool');

const answers: readonly (readonly [
  why: string,
  looks: readonly ReadyLook[],
  request: string,
  answer: readonly [string, string, string],
])[] = [
  ['ready', ready, get('/readyz'), ['200 OK', 'text/plain', 'ready\nstore: yes\nstaying: yes\n']],
  [
    'not ready says why',
    leaving,
    get('/readyz'),
    [
      '503 Service Unavailable',
      'text/plain',
      'not ready\nstore: yes\nstaying: no: the server is about to stop\n',
    ],
  ],
  [
    'ready in JSON',
    ready,
    get('/readyz', JSON_WANTED),
    [
      '200 OK',
      'application/json',
      '{"ready":true,"conditions":{"store":{"met":true},"staying":{"met":true}}}',
    ],
  ],
  [
    'not ready in JSON',
    leaving,
    get('/readyz', JSON_WANTED),
    [
      '503 Service Unavailable',
      'application/json',
      '{"ready":false,"conditions":{"store":{"met":true},"staying":{"met":false,"because":"the server is about to stop"}}}',
    ],
  ],
  ['alive, whatever is not met', leaving, get('/livez'), ['200 OK', 'text/plain', 'alive\n']],
  ['alive in JSON', leaving, get('/livez', JSON_WANTED), ['200 OK', 'application/json', '{"alive":true}']],
  [
    'a balancer that speaks HTTP/1.0 and names no host',
    ready,
    'GET /livez HTTP/1.0\r\n\r\n',
    ['200 OK', 'text/plain', 'alive\n'],
  ],
  [
    'a balancer that sends a name of its own hears yes or no',
    leaving,
    named('/readyz'),
    ['503 Service Unavailable', 'text/plain', 'not ready\n'],
  ],
  [
    'the same in JSON',
    ready,
    named('/readyz', JSON_WANTED),
    ['200 OK', 'application/json', '{"ready":true}'],
  ],
  ['alive under any name', leaving, named('/livez'), ['200 OK', 'text/plain', 'alive\n']],
  ...['/health', '/metrics', '/readyz/', '/'].map(
    (path) =>
      [
        `a browser that was led to ${path} by the name of a stranger`,
        ready,
        named(path),
        [
          '421 Misdirected Request',
          'text/plain',
          'Misdirected: ask by address, localhost or the name of this server\n',
        ],
      ] as const,
  ),
];

for (const [why, looks, request, answer] of answers)
  test(why, async () => {
    assert.deepEqual(await ask(looks, request), answer);
  });

const queuePage: Page<PageSources> = {
  path: '/queue',
  async answer({ context }, { administration }) {
    const { messages } = await administration.queueTotals();
    return context.html(`<p>${messages} on ${await administration.ownHostname()}</p>`);
  },
};

test('a page may show use cases, and is told to nobody who was led here', async () => {
  const { ports: administration, clock } = openOffice();
  const id = messageIdSource((length) => administration.entropy.bytes(length)).next(clock.now());
  const [outcome] = await administration.store.commit([acceptOf(id, clock.now(), {})]);
  assert.equal(outcome.type, 'accepted');
  const asPage = { administration, shown: [queuePage] };
  const shown = ['200 OK', 'text/html', '<p>1 on msa.example.org</p>'];
  assert.deepEqual(await ask(ready, get('/queue'), asPage), shown);
  assert.match((await ask(ready, named('/queue'), asPage)).join(), /^421 /);
  assert.match((await ask(ready, get('/metrics'), asPage)).join(), /^404 /);
});
