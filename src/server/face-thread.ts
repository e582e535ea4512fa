// The entry of the console's thread (see `face-body.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { createFaceBody, type FaceBirth } from './face-body.ts';
import { enterThread } from './thread-entry.ts';

enterThread((birth: FaceBirth) => createFaceBody(birth, { clock: systemClock, entropy: systemEntropy() }));
