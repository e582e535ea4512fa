// Who works on the command line, as the trail names them.

import { userInfo } from 'node:os';

export function operator(): string {
  return `${userInfo().username} (command line)`;
}
