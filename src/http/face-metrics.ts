// What a scrape tells of the console: what it has found of our domains, and of the trail.

import { Gauge, type Registry } from 'prom-client';
import type { FaceFigures } from '../server/face.ts';

export function faceGaugesOn(registry: Registry): (figures: FaceFigures | undefined) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `postern_${name}`, help, registers: [registry] });
  const dnsWrong = gauge(
    'domains_dns_wrong',
    'Domains of ours whose DNS lacked a record that is needed, or had another, when the console asked last; NaN before, and without a console',
  );
  const verified = gauge(
    'trail_verified_timestamp_seconds',
    'When a verification of the trail, begun at the console or the API, came to its end last, since the start; NaN: none did',
  );
  const broken = gauge(
    'trail_broken',
    '1: that verification found something that is not as it was written; NaN: there was none',
  );
  return ({ domains, verified: last } = { refusedTokens: 0 }) => {
    dnsWrong.set(domains === undefined || domains.asked === 0 ? NaN : domains.wrong);
    verified.set(last === undefined ? NaN : last.endedAt / 1000);
    broken.set(last === undefined ? NaN : Number(last.isBroken));
  };
}
