// Every check, in the order of the report.

import { auth530 } from './auth-530.ts';
import { authAnonymous } from './auth-anonymous.ts';
import { authChecked } from './auth-checked.ts';
import { authFailure } from './auth-failure.ts';
import { authInClear } from './auth-in-clear.ts';
import { authMechanisms } from './auth-mechanisms.ts';
import { authOffered } from './auth-offered.ts';
import { authRequiredLocal, authRequiredRemote } from './auth-required-remote.ts';
import { authSyntax } from './auth-syntax.ts';
import { autoconfig } from './autoconfig.ts';
import { bodyIntact } from './body-intact.ts';
import type { Check } from './check.ts';
import { commandBasics } from './command-basics.ts';
import { extensions } from './extensions.ts';
import { forgedOrigin } from './forged-origin.ts';
import { greetingNameCheck } from './greeting-name.ts';
import { messageCompleted } from './message-completed.ts';
import { mxNoAuth } from './mx-no-auth.ts';
import { mxNoRelay } from './mx-no-relay.ts';
import { noEnumeration } from './no-enumeration.ts';
import { noEtrn } from './no-etrn.ts';
import { openRelay } from './open-relay.ts';
import { proxyHeader } from './proxy-header.ts';
import { senderRights } from './sender-rights.ts';
import { smuggling } from './smuggling.ts';
import { srvRecords } from './srv-records.ts';
import { starttlsInjection } from './starttls-injection.ts';
import { starttlsOffered } from './starttls-offered.ts';
import { starttlsOnce } from './starttls-once.ts';
import { submissionPort } from './submission-port.ts';
import { submissionsPort } from './submissions-port.ts';
import { tlsCertificate } from './tls-certificate.ts';
import { tlsCiphers } from './tls-ciphers.ts';
import { tlsRequired } from './tls-required.ts';
import { tlsVersions } from './tls-versions.ts';
import { tracePrivacy } from './trace-privacy.ts';
import { traceProtocol } from './trace-protocol.ts';
import { traceReceived } from './trace-received.ts';

export const checks: readonly Check[] = [
  ...[mxNoRelay, mxNoAuth],
  ...[submissionPort, submissionsPort, srvRecords, autoconfig],
  ...[
    authRequiredRemote,
    authRequiredLocal,
    openRelay,
    authAnonymous,
    authChecked,
    forgedOrigin,
    senderRights,
    smuggling,
  ],
  ...[starttlsOffered, tlsRequired, tlsVersions, tlsCiphers, tlsCertificate],
  ...[starttlsInjection, starttlsOnce],
  ...[authInClear, authOffered, authMechanisms, authSyntax, authFailure, auth530],
  ...[greetingNameCheck, commandBasics, extensions, noEnumeration, noEtrn, proxyHeader],
  ...[traceReceived, traceProtocol, tracePrivacy, messageCompleted, bodyIntact],
];
