// The operator on the command line, as the trail names them.

import { ownUserName } from '../platform/own-user.ts';

export function operator(): string {
  return `${ownUserName()} (command line)`;
}
