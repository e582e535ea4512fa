// A page of the private HTTP port: one path, and what it answers. `S`: what it is made of.

import type { Context } from 'hono';

export interface Asked {
  readonly context: Context;
  /** By address or by a name of ours; else a browser may have been led here. */
  readonly isForUs: boolean;
}

export interface Page<S> {
  readonly path: string;
  /** Whatever name it is asked by: balancers send any. It shows then what anybody may know. */
  readonly toldToAll?: true;
  answer(asked: Asked, sources: S): Response | Promise<Response>;
}
