// What a claim is called. A server names it and a client makes a file of that name, root among them: whatever else a server says names no file.

/** 128 random bits in base 32. */
const shape = /^[0-9a-hjkmnp-tv-z]{26}$/;

export function isClaimName(name: unknown): name is string {
  return typeof name === 'string' && shape.test(name);
}
