// A moment as people and other programs read it.

/** RFC 3339, UTC. A number that is no time, as a damaged record may have it: its digits. */
export function time(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}
