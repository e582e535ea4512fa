// Sizes as people write them (`25MiB`, `256KiB`) and as the code holds them: octets.

const unitOctets: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

export const KIB = 1024;

/** Octets of a size such as `25MiB`, or undefined if it is not one. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,9}) ?(B|KiB|MiB|GiB)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : unitOctets[match[2]];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** The shortest exact spelling: 262144 is `256KiB`. */
export function formatSize(octets: number): string {
  const [unit, size] = Object.entries(unitOctets).findLast(
    ([, one]) => octets !== 0 && octets % one === 0,
  ) ?? ['B', 1];
  return `${octets / size}${unit}`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `25.0 MiB`, for people to look at. */
export function sizeInWords(octets: number): string {
  let value = octets;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
