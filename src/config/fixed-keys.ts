// Keys that are read once, at the start: a reload leaves them as they are.

export const fixedKeys = ['data', 'store', 'node', 'listeners', 'threads', 'http', 'web', 'console'] as const;

/** `key`: from the root, `listeners[0].port`. */
export function needsRestart(key: string): boolean {
  const [top = ''] = key.split(/[.[]/, 1);
  return key === 'local.socket' || fixedKeys.some((fixed) => fixed === top);
}
