// What goes wrong around whatever runs: hosts that misbehave, and what operators do meanwhile.

import { operate, setState } from './operator.ts';
import type { CommonFault, FaultPlan } from './plan.ts';
import type { Heal, Site } from './site.ts';

export function isCommon(fault: FaultPlan): fault is FaultPlan & CommonFault {
  return ['suspend', 'hold', 'retry', 'mood'].includes(fault.type);
}

export function beginCommon(site: Site, fault: CommonFault): Heal {
  switch (fault.type) {
    case 'suspend':
      void setState(site, fault.login, 'suspended');
      return () => setState(site, fault.login, 'active');
    case 'hold':
      void operate(site, fault.login, 'hold');
      return () => operate(site, fault.login, 'release');
    case 'retry':
      return () => operate(site, fault.login, 'retry');
    case 'mood': {
      const host = site.hops.hosts.get(fault.host);
      if (host !== undefined) host.mood = fault.mood;
      return () => void (host === undefined ? undefined : (host.mood = 'fine'));
    }
  }
}
