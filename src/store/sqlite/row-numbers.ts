// The numbers of the queue's rows grow in the order of acceptance, whichever table a message stands in first.

import { type Database, number } from './database.ts';

export interface RowNumbers {
  next(): number;
}

export function openRowNumbers(db: Database): RowNumbers {
  const highest = db.get(
    'SELECT max((SELECT coalesce(max(n), 0) FROM message), (SELECT coalesce(max(n), 0) FROM young)) AS n',
  );
  let last = number(highest ?? {}, 'n');
  return {
    next() {
      last += 1;
      return last;
    },
  };
}
