// Another node that has the name of this one, as pulses hear of it: it may be over, and then its lease ends; or it lives, and renews it.

import type { Namesake } from '../store/engine.ts';
import { NodeNameTaken } from '../store/engine-errors.ts';

export interface HearsOfNamesake {
  /** Once of each. */
  isNew(by: Namesake): void;
  /** `error` says what to do. */
  lives(error: NodeNameTaken): void;
}

/** Gives what is to be called with each that a pulse names. */
export function watchNamesake({ isNew, lives }: HearsOfNamesake): (by: Namesake) => void {
  let first: Namesake | undefined;
  return (by) => {
    if (first?.incarnation !== by.incarnation) {
      first = by;
      isNew(by);
    } else if (by.until > first.until) lives(new NodeNameTaken(livesInWords(by)));
  };
}

export function namesakeInWords({ node, incarnation, host }: Namesake): string {
  return `a node called ${node} is in the store already, incarnation ${incarnation}${host === undefined ? '' : `, on host ${host}`}`;
}

const livesInWords = (by: Namesake): string =>
  `${namesakeInWords(by)}, and it lives: give each node a name of its own (\`node:\`), or stop that one`;
