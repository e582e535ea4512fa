// Codes that an authenticator app shows (TOTP, RFC 6238) as all of them make them: SHA-1, six digits, a new one each thirty seconds. Which step a code is of is told, so
// that whoever asks can see to it that each counts once.

import { createHmac, timingSafeEqual } from 'node:crypto';

export const TOTP_SECRET_OCTETS = 20;
const STEP_MS = 30_000;
const DIGITS = 6;
/** A telephone's clock may be off by so many, and people type slowly. */
const STEPS_OFF = 1;

/** RFC 4648: what apps take, other than the base32 of our own ids. Twenty octets are 32 symbols, without an odd bit. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function totpSecretText(secret: Uint8Array): string {
  const bits = [...secret].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)]).join('');
}

/** Blanks and case don't matter. Undefined: it is none of ours. */
export function parseTotpSecret(text: string): Uint8Array | undefined {
  const symbols = text.replaceAll(/\s/g, '').toUpperCase();
  if (!/^[A-Z2-7]{32}$/.test(symbols)) return undefined;
  const bits = [...symbols].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
}

/** As an app reads it from a picture. `issuer`: under which name the app shows it. */
export function totpUri(secret: Uint8Array, { issuer, login }: Record<'issuer' | 'login', string>): string {
  const query = new URLSearchParams({ secret: totpSecretText(secret), issuer });
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(login)}?${query.toString()}`;
}

export const isTotpForm = (code: string): boolean => /^\s*(\d\s*){6}$/.test(code);

/** Of which step, now or close to now, is `code`? Undefined: of none. Constant time in the code. */
export function totpStep(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  const present = Math.floor(nowMs / STEP_MS);
  const given = Buffer.from(code.replaceAll(/\s/g, ''));
  let found: number | undefined;
  for (let step = present - STEPS_OFF; step <= present + STEPS_OFF; step += 1) {
    const right = Buffer.from(totpCode(secret, step));
    if (given.length === right.length && timingSafeEqual(given, right)) found = step;
  }
  return found;
}

/** RFC 4226 section 5.3. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 0xf;
  const number = digest.readUInt32BE(at) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}
