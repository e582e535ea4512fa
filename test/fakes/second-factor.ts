// A person with an authenticator app: it is set up as he does it, and shows its codes.

import assert from 'node:assert/strict';
import type { AdministrationPorts } from '../../src/administration/ports.ts';
import { administrationOf } from '../../src/administration/use-cases.ts';
import { parseTotpSecret, totpCode } from '../../src/identity/totp.ts';

export const STEP_MS = 30_000;

export interface App {
  readonly recoveryCodes: readonly string[];
  /** What it shows, so many steps from now. The one that it was confirmed with is used up. */
  code(steps?: number): string;
}

/** What an app shows that was given this secret. */
export function codeFor(secret: string, now: number, steps = 0): string {
  return totpCode(parseTotpSecret(secret) ?? assert.fail(secret), Math.floor(now / STEP_MS) + steps);
}

export async function setUpTotp(ports: AdministrationPorts, login: string): Promise<App> {
  const { id, role = 'user' } = (await ports.lookups.identityByLogin(login)) ?? assert.fail(login);
  const actor = { who: login, through: 'console', role, identityId: id } as const;
  const as = administrationOf(ports, { ...actor, provedAt: ports.clock.now() });
  const { secret } = await as.beginTotp({});
  const code = (steps = 0): string => codeFor(secret, ports.clock.now(), steps);
  const { recoveryCodes = [] } = await as.confirmTotp({ secret, code: code() });
  return { recoveryCodes, code };
}
