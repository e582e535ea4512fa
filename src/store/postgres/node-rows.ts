// What nodes say of themselves on PostgreSQL, and who looks at all of them (`../nodes.ts`). It stands in the rows of their lives (`lives.ts`).

import type { NodeFacts, NodeFactsChange, NodeLife, StoreNodes } from '../nodes.ts';
import type { OutcomeOf } from '../port.ts';
import type { LifeState } from '../lease.ts';
import { number, optionalText, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import type { Sql } from './sql.ts';

export async function noteFacts(
  { sql }: Work,
  { life, facts }: NodeFactsChange,
): Promise<OutcomeOf<NodeFactsChange>> {
  await sql.run(
    'UPDATE life SET facts = $3 WHERE node = $1 AND incarnation = $2',
    ...[life.node, life.incarnation, JSON.stringify(facts)],
  );
  return { type: 'noted' };
}

export async function nodesIn(sql: Sql): Promise<StoreNodes> {
  const clock = await sql.get('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now');
  const rows = await sql.all(
    'SELECT node, incarnation, state, until, facts FROM life ORDER BY node, incarnation',
  );
  return { at: number(clock ?? {}, 'now'), lives: rows.map(lifeOf) };
}

function lifeOf(row: Row): NodeLife {
  const facts = optionalText(row, 'facts');
  return {
    ...{ node: text(row, 'node'), incarnation: text(row, 'incarnation') },
    state: text(row, 'state') as LifeState,
    until: number(row, 'until'),
    ...(facts === undefined ? {} : { facts: JSON.parse(facts) as NodeFacts }),
  };
}
