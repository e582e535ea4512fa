// Two nodes of one store, each with its part: what one accepts and never tries is tried by the other, which listens for nobody.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually, PASSWORD, startServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';

test(
  'what a node without the role relay accepts is tried by one that has it',
  { skip: withoutDebianPostgres },
  async () => {
    await using cluster = await startPostgres();
    const extra = (node: string): string => `store: { postgres: '${cluster.url}' }\nnode: ${node}`;
    await using front = await startServer({
      ...{ extra: extra('front'), roles: ['submission'], accounts: [login] },
    });
    const client = await openClient({ port: front.submission, login, password: PASSWORD });
    const reply = await submitOne(client, { login, subject: 'for another node' });
    client.close();
    const [, id = ''] = /^250 .* (\S+)\r?\n?$/.exec(reply) ?? assert.fail(reply);
    assert.match(front.postern(['status']).stdout, /^roles: submission$/m);
    assert.match(front.postern(['queue', 'list']).stdout, / new +0 +now /, 'nobody has it');
    await using back = await startServer({ extra: extra('back'), roles: ['relay'], accounts: [] });
    const attempt = new RegExp(`"id":"${id}"[^\\n]*"msg":"attempt"`);
    await eventually('an attempt by the other node', 20, () => attempt.test(back.log()));
    assert.doesNotMatch(front.log(), attempt);
  },
);
