// A self-signed certificate, to begin with; real clients want one of an authority.

import { systemClock } from '../platform/clock.ts';

const DAY_MS = 86_400_000;
const TEN_YEARS_DAYS = 10 * 365;

/** The library is only loaded where a certificate is made. */
export async function makeCertificate(
  names: readonly string[],
  addresses: readonly string[],
  validity: { readonly from: number; readonly days: number } = {
    from: systemClock.now(),
    days: TEN_YEARS_DAYS,
  },
): Promise<{ cert: string; key: string }> {
  const { generate } = await import('selfsigned');
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...addresses.map((ip) => ({ type: 7 as const, ip })),
  ];
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(validity.from),
    notAfterDate: new Date(validity.from + validity.days * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert: made.cert, key: made.private };
}
