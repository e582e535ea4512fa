// What a person enters in his mail program: as a sheet, told for each program, and as files for programs that read one. A password stands in none of them.

import { autoconfig } from '../onboarding/autoconfig.ts';
import { mobileconfig } from '../onboarding/mobileconfig.ts';
import { onboardingOf } from '../onboarding/of-config.ts';
import { type ProgramSteps, programSteps } from '../onboarding/programs.ts';
import { type Sheet, sheetOf } from '../onboarding/sheet.ts';
import { addressDomain } from '../policy/address.ts';
import type { Actor } from './actor.ts';
import type { AdministrationPorts } from './ports.ts';
import { ownIdentity } from './second-factor.ts';

export interface MySettings {
  readonly login: string;
  readonly sheet: Sheet;
  readonly programs: readonly ProgramSteps[];
  /** Of Apple; absent: there is none without a server for incoming mail, or for a login that is no address. */
  readonly mobileconfig?: string;
  /** Of Thunderbird and its kin; absent for a login that is no address. */
  readonly autoconfig?: string;
}

export async function mySettings(ports: AdministrationPorts, actor: Actor): Promise<MySettings> {
  const { login } = await ownIdentity(ports, actor);
  const settings = onboardingOf(ports.config());
  const isAddress = login.includes('@');
  const profile = isAddress ? mobileconfig(settings, login) : undefined;
  return {
    login,
    sheet: sheetOf(settings, login),
    programs: programSteps(settings, login),
    ...(profile === undefined ? {} : { mobileconfig: profile }),
    ...(isAddress ? { autoconfig: autoconfig(settings, addressDomain(login)) } : {}),
  };
}
