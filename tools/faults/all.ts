// All faults that are known, by the part of the house they are put into.

import type { Fault } from './fault.ts';
import { administrationFaults } from './administration.ts';
import { configFaults } from './config.ts';
import { consoleFaults } from './console.ts';
import { identityFaults } from './identity.ts';
import { nodeFaults } from './nodes.ts';
import { policyFaults } from './policy.ts';
import { postgresFaults } from './postgres.ts';
import { relayFaults } from './relay.ts';
import { serverFaults } from './server.ts';
import { sessionFaults } from './session.ts';
import { signInFaults } from './sign-in.ts';
import { simulationFaults } from './simulation.ts';
import { storeFaults } from './store.ts';
import { submissionFaults } from './submission.ts';

/** Each list by the word that chooses it whole. */
export const faults: Readonly<Record<string, readonly Fault[]>> = {
  identity: identityFaults,
  policy: policyFaults,
  submission: submissionFaults,
  session: sessionFaults,
  store: storeFaults,
  postgres: postgresFaults,
  nodes: nodeFaults,
  relay: relayFaults,
  config: configFaults,
  administration: administrationFaults,
  console: consoleFaults,
  'sign-in': signInFaults,
  server: serverFaults,
  simulation: simulationFaults,
};
