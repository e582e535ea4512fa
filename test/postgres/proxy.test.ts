import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from 'pg';
import { freshDatabase, withoutPostgres } from './database.ts';
import { type Proxy, proxyTo } from './proxy.ts';

/** One end of a connection, with what it has heard. */
class End {
  heard = '';
  closed = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => (this.heard += String(data)));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  say(text: string): void {
    this.socket.write(text);
  }
}

/** A server that says back what it hears, a proxy to it, and a client of the proxy. */
interface Echo extends AsyncDisposable {
  readonly proxy: Proxy;
  readonly client: End;
  readonly server: End;
}

async function echo(): Promise<Echo> {
  const listener = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (data) => socket.write(data));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const proxy = await proxyTo(`tcp://127.0.0.1:${(listener.address() as AddressInfo).port}`);
  const accepted = once(listener, 'connection');
  const client = new End(connectTo(proxy));
  const [socket] = (await accepted) as [Socket];
  const server = new End(socket);
  return {
    ...{ proxy, client, server },
    async [Symbol.asyncDispose]() {
      client.socket.destroy();
      socket.destroy();
      await proxy[Symbol.asyncDispose]();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

function connectTo(proxy: Proxy): Socket {
  return connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await nextTurn();
}

/** For what must not come: all that is under way on loopback has arrived. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await nextTurn();
}

test('what is said passes both ways, and an end too', async () => {
  await using line = await echo();
  const { proxy, client, server } = line;
  client.say('one');
  await until(() => client.heard === 'one');
  assert.equal(proxy.connections, 1);
  client.socket.end();
  await until(() => server.closed && proxy.connections === 0);
});

test('with the way back frozen the server hears and the client does not, until it thaws', async () => {
  await using line = await echo();
  const { proxy, client, server } = line;
  proxy.freeze('toClient');
  client.say('one');
  await until(() => server.heard === 'one');
  client.say('two');
  await until(() => server.heard === 'onetwo');
  await quiet();
  assert.equal(client.heard, '');
  proxy.thaw();
  await until(() => client.heard === 'onetwo');
});

test('with the way out frozen the client hears and the server does not, not even of its end', async () => {
  await using line = await echo();
  const { proxy, client, server } = line;
  proxy.freeze('toServer');
  client.say('one');
  server.say('hello');
  await until(() => client.heard === 'hello');
  client.socket.end();
  await until(() => client.closed);
  await quiet();
  assert.deepEqual([server.heard, server.closed], ['', false]);
  proxy.thaw();
  await until(() => server.closed);
  assert.equal(server.heard, 'one');
});

test('an end is held though nothing was said before it', async () => {
  await using line = await echo();
  const { proxy, client, server } = line;
  proxy.freeze('toClient');
  server.socket.end();
  await until(() => server.closed);
  await quiet();
  assert.equal(client.closed, false);
  proxy.thaw();
  await until(() => client.closed);
});

test('frozen, nothing passes on a new connection either', async () => {
  await using line = await echo();
  const { proxy } = line;
  proxy.freeze();
  const late = new End(connectTo(proxy));
  late.say('late');
  await quiet();
  assert.equal(late.heard, '');
  proxy.thaw();
  await until(() => late.heard === 'late');
  late.socket.destroy();
});

test('a message is cut within', async () => {
  await using line = await echo();
  const { proxy, client, server } = line;
  const within = proxy.freezeAfter('toServer', 5);
  client.say('abc');
  await until(() => client.heard === 'abc');
  client.say('defghi');
  await within;
  await until(() => server.heard === 'abcde');
  proxy.cut();
  await until(() => server.closed && client.closed);
  assert.equal(server.heard, 'abcde');
  assert.equal(proxy.connections, 0);
});

for (const side of ['server', 'client'] as const) {
  test(`cut at the ${side}, the other end does not hear of it`, async () => {
    await using line = await echo();
    const { proxy } = line;
    const { [side]: near, [side === 'server' ? 'client' : 'server']: far } = line;
    proxy.cut(side);
    await until(() => near.closed);
    await quiet();
    assert.equal(far.closed, false);
    proxy.cut();
    await until(() => far.closed);
  });
}

test('refused, a new connection is closed at once, and those that stand go on', async () => {
  await using line = await echo();
  const { proxy, client } = line;
  proxy.refuse(true);
  const refused = new End(connectTo(proxy));
  await until(() => refused.closed);
  client.say('still');
  await until(() => client.heard === 'still');
  proxy.refuse(false);
  const again = new End(connectTo(proxy));
  await until(() => proxy.connections === 2);
  again.socket.destroy();
});

test(
  'PostgreSQL is reached through it, and a commit whose answer is cut stands',
  { skip: withoutPostgres },
  async () => {
    await using database = await freshDatabase();
    await using proxy = await proxyTo(database.url);
    const near = new Client({ connectionString: database.url });
    await near.connect();
    await near.query('CREATE TABLE landed (number int)');
    const far = new Client({ connectionString: proxy.url });
    far.on('error', () => undefined);
    await far.connect();
    proxy.freeze('toClient');
    const answer = far.query('INSERT INTO landed VALUES (1)');
    while ((await near.query('SELECT 1 FROM landed')).rowCount === 0) await nextTurn();
    proxy.cut();
    await assert.rejects(answer, /Connection terminated/);
    await near.end();
  },
);
