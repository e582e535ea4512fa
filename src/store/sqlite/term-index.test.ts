import { indexContract } from '../store.contract-index.ts';
import { openInside } from './sqlite.contract-fixtures.ts';

indexContract('sqlite', async (t) => {
  const { bench, inside } = await openInside(t);
  return { bench, indexTail: (max) => inside().writer.indexTail(max) };
});
