// From where somebody asks, as the network tells it, and what his browser calls itself.

import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { plainAddress } from '../base/address-network.ts';

const BROWSER_MAX = 200;

export interface Client {
  readonly address: string;
  readonly port: number;
  readonly browser: string;
}

export function clientOf({ env, req }: Context): Client {
  const { incoming } = (env ?? {}) as Partial<HttpBindings>;
  const { remoteAddress = '', remotePort = 0 } = incoming?.socket ?? {};
  const browser = (req.header('user-agent') ?? '').slice(0, BROWSER_MAX);
  return { address: plainAddress(remoteAddress), port: remotePort, browser };
}
