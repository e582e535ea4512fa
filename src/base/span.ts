// A span of time in words, as people say it: its largest unit, and the next one while that matters.

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

export function spanWords(ms: number): string {
  const at = units.findIndex(([, size]) => ms >= size);
  const [name, size] = units[at] ?? [];
  if (name === undefined || size === undefined) return 'less than a minute';
  const count = Math.floor(ms / size);
  const [nextName, nextSize] = units[at + 1] ?? [];
  const rest = nextSize === undefined || count > 9 ? 0 : Math.floor((ms - count * size) / nextSize);
  return `${counted(count, name)}${rest === 0 || nextName === undefined ? '' : ` ${counted(rest, nextName)}`}`;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
