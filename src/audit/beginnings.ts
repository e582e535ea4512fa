// A chain that does not begin with its first event: a purge must tell where it begins, and what was kept of what stood before. Else whoever can write the register
// could hide that a beginning was removed.

import { checkpointText, KeptDigest } from '../record/beginnings.ts';
import { payloadOf } from '../record/event-content.ts';
import type { AdministrationPayload } from '../record/events.ts';
import type { Chain, ChainLink } from '../store/lookups.ts';
import { type Flaw, positionOf } from './chain.ts';

export interface BeginningsSeen {
  /** In whatever order. */
  see(event: ChainLink): void;
  /** It stands at or before the checkpoint of its chain. */
  seeKept(event: ChainLink): void;
  /** To be called when all were seen. */
  flaw(chains: readonly Chain[]): Flaw | undefined;
}

export function createBeginnings(): BeginningsSeen {
  const told = new Set<string>();
  const toldKept = new Set<string>();
  const kept = new KeptDigest();
  return {
    see(event) {
      const detail = event.type === 'purged' && event.payload !== undefined ? detailOf(event.payload) : {};
      const { checkpoints, keptDigest } = detail;
      if (Array.isArray(checkpoints)) for (const one of checkpoints) told.add(String(one));
      if (keptDigest !== undefined) toldKept.add(String(keptDigest));
    },
    seeKept: (event) => kept.add(event),
    flaw(chains) {
      const begun = chains.flatMap(({ checkpoint }) => checkpoint ?? []);
      const untold = begun.find((checkpoint) => !told.has(checkpointText(checkpoint)));
      if (untold !== undefined) return { event: positionOf(untold), because: UNTOLD };
      return begun.length === 0 || toldKept.has(kept.digest()) ? undefined : { because: OTHERS_KEPT };
    },
  };
}

const UNTOLD =
  'the register says that the chain is here only after it, and no purge tells of it: its beginning was removed';
const OTHERS_KEPT =
  'of the events before the checkpoints some are kept, and no purge tells of just these: some were changed, removed or put in';

function detailOf(payload: Uint8Array): AdministrationPayload['detail'] {
  return (payloadOf(payload, undefined) as AdministrationPayload).detail;
}
