// The mechanisms that there are. One more is a file beside this one and a row here; whether it is offered, the configuration says.

import { login } from './login.ts';
import type { Mechanism } from './mechanism.ts';
import { plain } from './plain.ts';

const mechanisms = { PLAIN: plain, LOGIN: login } as const satisfies Readonly<Record<string, Mechanism>>;

export type MechanismName = keyof typeof mechanisms;

export const mechanismNames = Object.keys(mechanisms) as readonly MechanismName[];

export function mechanismsNamed(names: readonly MechanismName[]): readonly Mechanism[] {
  return names.map((name) => mechanisms[name]);
}
