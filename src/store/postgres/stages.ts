// Not built yet.
import type { Clock } from '../../platform/platform.ts';
import type { Stage } from '../port.ts';
import type { PostgresServer } from './connection.ts';

export interface OpenStages {
  stage(id: string): Promise<Stage>;
  close(): Promise<void>;
}

export function openStages(_server: PostgresServer, _clock: Clock): OpenStages {
  return { stage: () => Promise.reject(new Error('not built yet')), close: async () => undefined };
}
