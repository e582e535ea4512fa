// The entry of the console's thread (see `face-body.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { letOthersGoFirst } from '../platform/thread-priority.ts';
import { createFaceBody, type FaceBirth } from './face-body.ts';
import { enterThread } from './thread-entry.ts';

// A page can wait for mail, and mail not for a page.
letOthersGoFirst();
enterThread((birth: FaceBirth) => createFaceBody(birth, { clock: systemClock, entropy: systemEntropy() }));
