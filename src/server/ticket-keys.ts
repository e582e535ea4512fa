// The key of TLS session tickets: with it a client resumes on any front, and where several nodes write one store on any node. Those propose it as a shared key, an hour before
// its time, so that all change to it in the same minute, though the store may be away then.

import type { Log } from '../observe/log.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Store } from '../store/port.ts';
import { TICKET_PERIOD_MS, ticketKeyOf } from '../store/shared-key.ts';

export const TICKET_KEY_OCTETS = 48;
const AHEAD_MS = 3_600_000;
const LOOK_MS = 60_000;

interface Options {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Pick<Log, 'error'>;
  /** What nodes share; undefined: this one is alone, and its key is its own. */
  readonly shared: Pick<Store, 'commit'> | undefined;
  readonly inForce: {
    readonly plan: { readonly ticketKeys: Uint8Array };
    /** Never rejects. */
    renewTicketKeys(ticketKeys: Uint8Array): Promise<void>;
  };
}

/** Returns a function that ends it. */
export function keepTicketKeys(o: Options): () => void {
  const { shared } = o;
  return shared === undefined ? keepOwn(o) : keepShared(o, shared);
}

/** The first one is in force from the start. */
function keepOwn({ clock, entropy, inForce }: Options): () => void {
  const again = (): void => {
    void inForce.renewTicketKeys(entropy.bytes(TICKET_KEY_OCTETS));
    cancel = clock.after(TICKET_PERIOD_MS, again);
  };
  let cancel = clock.after(TICKET_PERIOD_MS, again);
  return () => cancel();
}

function keepShared({ clock, entropy, log, inForce }: Options, store: Pick<Store, 'commit'>): () => void {
  /** Of the period that it is and of the one to come. */
  let keys = new Map<string, Uint8Array>();
  let ended = false;
  let cancel = (): void => undefined;

  async function fetched(atMs: number): Promise<Uint8Array> {
    const name = ticketKeyOf(atMs);
    const known = keys.get(name.period);
    if (known !== undefined) return known;
    const proposedKey = entropy.bytes(TICKET_KEY_OCTETS);
    const [outcome] = await store.commit([{ type: 'sharedKey', ...name, proposedKey }]);
    if (outcome.type !== 'key') throw new Error(outcome.cause);
    keys.set(name.period, outcome.key);
    return outcome.key;
  }

  async function take(): Promise<void> {
    const now = clock.now();
    keys = new Map([...keys].filter(([period]) => period >= ticketKeyOf(now).period));
    const key = await fetched(now);
    if (!Buffer.from(key).equals(inForce.plan.ticketKeys)) await inForce.renewTicketKeys(key);
    // There is an hour to ask again.
    await fetched(now + AHEAD_MS).catch(() => undefined);
  }

  async function look(): Promise<void> {
    try {
      await take();
    } catch (error) {
      log.error(
        { error: String(error) },
        'TLS ticket keys are not those of the other nodes: clients that come here begin anew',
      );
    }
    if (!ended) cancel = clock.after(LOOK_MS, () => void look());
  }

  void look();
  return () => {
    ended = true;
    cancel();
  };
}
