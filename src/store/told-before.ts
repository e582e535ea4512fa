// Whether what is asked again was done the first time, by what the trail kept of it.

import type { EventDraft } from '../record/events.ts';

/** `type`, `time` and `payload` as an engine keeps them of an event that came over no connection; payload absent: it was forgotten, and may have been this. */
export function tellsOf(
  kept: { readonly type: string; readonly time: number; readonly payload: Uint8Array | undefined },
  { type, time, payload }: EventDraft,
): boolean {
  if (kept.type !== type || kept.time !== time) return false;
  return kept.payload === undefined || Buffer.from(kept.payload).toString() === JSON.stringify(payload);
}
