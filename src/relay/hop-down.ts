// A hop can't be used now, and no message is to blame.

import type { HostFailure } from '../protocol/delivery/ports.ts';

/** How far it came. `dial`: no connection; `tls`: the handshake, or what followed it at once; else the step of the delivery machine. */
export type DownStage = 'dial' | 'tls' | HostFailure['stage'];

export class HopDown extends Error {
  override readonly name = 'HopDown';
  readonly stage: DownStage;
  readonly status: string;

  constructor(diagnostic: string, stage: DownStage, status = '4.4.1') {
    super(diagnostic);
    this.stage = stage;
    this.status = status;
  }
}
