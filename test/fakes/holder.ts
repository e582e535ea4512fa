// Who holds what is leased: the test says for how long.

import type { Holder } from '../../src/store/holder.ts';
import type { Owner } from '../../src/store/owner.ts';

export interface FakeHolder extends Holder {
  owner: Owner;
  acts: boolean;
  sure: boolean;
}

export function fakeHolder(owner: Owner = 'o'): FakeHolder {
  return {
    ...{ owner, acts: true, sure: true },
    mayAct() {
      return this.acts;
    },
    isSure() {
      return this.sure;
    },
  };
}
