// Browsers with open consoles, a thread of `console-beside.ts`, until it is told to end; it says how many pages came. Browsers are other machines' work: here they take what
// the server, the load and the sink leave.

import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { letOthersGoFirst } from '../src/platform/thread-priority.ts';

const PAGES = ['/', '/queue', '/trace?q=alice@example.org', '/identity?login=alice@example.org'];
const { origin, cookie, consoles } = workerData as { origin: string; cookie: string; consoles: number };

/** A stream of live figures, and a page each second. Gives how many pages came. */
async function watch(number: number, ending: AbortSignal): Promise<number> {
  const ask = (path: string): Promise<Response> =>
    fetch(origin + path, { headers: { cookie }, signal: ending });
  let seen = 0;
  try {
    const live = await ask('/live');
    void live.body?.pipeTo(new WritableStream()).catch(() => undefined);
    for (; !ending.aborted; seen += 1) {
      const answer = await ask(PAGES[(number + seen) % PAGES.length] ?? '/');
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.url}`);
      await answer.arrayBuffer();
      await delay(1000, undefined, { signal: ending });
    }
  } catch (error) {
    if (!ending.aborted) throw error;
  }
  return seen;
}

letOthersGoFirst();
const ending = new AbortController();
parentPort?.once('message', () => ending.abort());
const seen = await Promise.all(Array.from({ length: consoles }, (_, number) => watch(number, ending.signal)));
parentPort?.postMessage(seen.reduce((sum, one) => sum + one, 0));
