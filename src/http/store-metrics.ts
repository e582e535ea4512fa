// What a scrape counts of the store's commits, and of the work beside them.

import { Counter, type Registry } from 'prom-client';
import type { StoreFigures } from '../server/store-body.ts';
import { type SideWork, sideWorks } from '../store/side-work.ts';
import { setBy, setTo } from './counter-set.ts';

export function storeCountersOn(registry: Registry): (store: StoreFigures) => void {
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name: `postern_store_${name}_total`, help, labelNames, registers: [registry] });
  const commits = counter('commits', 'Transactions of the store, one fsync each');
  const changes = counter('changes', 'Changes in those transactions');
  const commitSeconds = counter('commit_seconds', 'Time spent in them');
  const roundTrips = counter(
    'round_trips',
    'Questions to the database of the store about changes, each of which it was waited for; 0 without one',
  );
  const redone = counter(
    'redone',
    'Groups of changes in which one did not fit, so that each was done alone, by the SQLSTATE of what did not; many make the store slow',
    ['sqlstate'],
  );
  const sideFailures = counter(
    'side_work_failures',
    'Tries of work beside mail that failed, by work; the log says why. Mail goes on meanwhile',
    ['work'],
  );
  return (store) => {
    setTo(commits, store.commits);
    setTo(changes, store.changes);
    setTo(commitSeconds, store.commitMs / 1000);
    setTo(roundTrips, store.roundTrips);
    setBy(redone, 'sqlstate', store.redone);
    setBy(sideFailures, 'work', failuresOf(store));
  };
}

function failuresOf({ sideWorks: works }: StoreFigures): Readonly<Record<SideWork, number>> {
  return Object.fromEntries(sideWorks.map((work) => [work, works[work]?.failures ?? 0])) as Record<
    SideWork,
    number
  >;
}
