// A number with its noun: `1 problem`, `2 problems`.

export function numberOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
