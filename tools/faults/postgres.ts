// Faults in the store on PostgreSQL: what several do with one queue at once, and how the tables are read.

import type { Fault } from './fault.ts';

const queue = { tests: ['src/store/postgres/queue'] };
const floors = { file: 'src/store/postgres/floors.ts', tests: ['src/store/postgres/floors'] };
const plans = { tests: ['src/store/postgres/plans'] };

export const postgresFaults: readonly Fault[] = [
  {
    tests: ['src/store/postgres/replaced'],
    file: 'src/store/postgres/open.ts',
    why: 'an accept that comes late over a connection that was given up is accepted a second time',
    from: 'if (replaces !== undefined) await endReplaced(flow, replaces);',
    to: 'void endReplaced;',
  },
  {
    ...queue,
    file: 'src/store/postgres/settle.ts',
    why: 'what ends in the hands of a front is counted as waiting',
    from: 'afterCommit(() => countMessage(node.queue, { role }, -1));',
    to: 'afterCommit(() => countMessage(node.queue, { role }, 1));',
  },
  {
    ...queue,
    file: 'src/store/postgres/finish.ts',
    why: 'what leaves the queue tables is counted as waiting',
    from: 'for (const role of roles) countMessage(node.queue, { role }, -1);',
    to: 'for (const role of roles) countMessage(node.queue, { role }, 1);',
  },
  {
    ...queue,
    file: 'src/store/postgres/inflight.ts',
    why: 'a hold leaves out what is just being deferred',
    from: "'LIMIT $10 FOR UPDATE'",
    to: "'LIMIT $10 FOR UPDATE SKIP LOCKED'",
  },
  {
    ...queue,
    file: 'src/store/postgres/inflight.ts',
    why: 'an attempt is stale while another files its message',
    from: "fileWhere('i.id = ANY($1::uuid[])', 'FOR UPDATE')",
    to: "fileWhere('i.id = ANY($1::uuid[])', 'FOR UPDATE SKIP LOCKED')",
  },
  {
    ...queue,
    file: 'src/store/postgres/free.ts',
    why: 'the rest of a message that is just being settled stays leased',
    from: "FILED_MAX, 'FOR UPDATE')",
    to: "FILED_MAX, 'FOR UPDATE SKIP LOCKED')",
  },
  {
    ...floors,
    why: 'what another node brings below the floor waits for ever',
    from: 'now >= since + FLOOR_MS || now < since',
    to: 'now < since',
  },
  {
    ...floors,
    why: 'what is brought while a claim looks is stranded',
    from: 'for (const [domain, dueAt] of this.#brought) this.#lower(dueAt, domain);',
    to: '',
  },
  {
    ...floors,
    file: 'src/store/postgres/due.ts',
    why: 'under an old snapshot each claim goes over all that was claimed',
    from: 'last === undefined ? floors.of(domain, now)',
    to: 'last === undefined ? NO_FLOOR',
  },
  {
    ...plans,
    file: 'src/store/postgres/settle.ts',
    why: 'a settle goes through all that its owner has had',
    from: 'AND r.owner IS NOT DISTINCT FROM $3',
    to: 'AND r.owner = $3',
  },
  {
    ...queue,
    file: 'src/store/postgres/notices.ts',
    why: 'two tell one sender the same',
    from: 'ORDER BY m.id FOR UPDATE SKIP LOCKED',
    to: 'ORDER BY m.id',
  },
  {
    ...queue,
    file: 'src/store/postgres/parked.ts',
    why: 'what was locked while the rest was put back stays aside',
    from: 'if (back.length < max) await sql.run(FORGET, id);',
    to: "await sql.run('UPDATE identity SET parked = false WHERE id = $1', id);",
  },
  {
    ...queue,
    file: 'src/store/postgres/parked.ts',
    why: 'a claim puts back all that there is',
    from: 'LIMIT $2 FOR UPDATE SKIP LOCKED',
    to: 'LIMIT 100 * $2 FOR UPDATE SKIP LOCKED',
  },
  {
    ...queue,
    file: 'src/store/postgres/due.ts',
    why: 'a lane that another has locked keeps a claim from the others',
    from: 'isEmpty(read, lane.domain) ? { ...lane, dueAt: Infinity } : lane',
    to: 'lane',
  },
  {
    ...queue,
    file: 'src/store/postgres/due.ts',
    why: 'who waits is served in turn with all lanes whose mail is put aside',
    from: '(lane.isAll || (lane.hasMet && hasMetEnough(read)))',
    to: '(lane.isAll || hasMetEnough(read))',
  },
  {
    ...queue,
    file: 'src/store/postgres/due.ts',
    why: 'a claim waits for who has locked what it would take',
    from: 'FOR UPDATE OF r SKIP LOCKED',
    to: 'FOR UPDATE OF r',
  },
  {
    ...plans,
    file: 'src/store/postgres/schema.ts',
    why: 'what an owner has leased has no index',
    from: 'CREATE INDEX recipient_owned ON recipient (owner, claim)',
    to: 'CREATE INDEX recipient_owned ON recipient (claim)',
  },
  {
    ...plans,
    file: 'src/store/postgres/queue-lookups.ts',
    why: 'a page of the queue is sought among all messages',
    from: 'm.id = r.message_id LIMIT 1) AS m',
    to: 'm.id = r.message_id) AS m',
  },
];
