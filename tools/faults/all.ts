// All faults that are known, by the part of the house they are put into.

import type { Fault } from './fault.ts';
import { configFaults } from './config.ts';
import { identityFaults } from './identity.ts';
import { policyFaults } from './policy.ts';
import { relayFaults } from './relay.ts';
import { sessionFaults } from './session.ts';
import { storeFaults } from './store.ts';
import { submissionFaults } from './submission.ts';

export const faults: readonly Fault[] = [
  ...identityFaults,
  ...policyFaults,
  ...submissionFaults,
  ...sessionFaults,
  ...storeFaults,
  ...relayFaults,
  ...configFaults,
];
