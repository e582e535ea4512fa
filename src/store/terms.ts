// A look-up term of the port as the index spells it.

import {
  addressTerm,
  idTerm,
  identityTerm,
  labelTerm,
  lookedAtTerm,
  messageIdFieldTerm,
  networkTerm,
  type Term,
} from '../record/terms.ts';
import type { TraceTerm } from './lookups.ts';

export function indexTerm(term: TraceTerm): Term {
  switch (term.kind) {
    case 'id':
      return idTerm(term.id);
    case 'address':
      return addressTerm(term.address);
    case 'messageIdField':
      return messageIdFieldTerm(term.value);
    case 'label':
      return labelTerm(term.label);
    case 'identity':
      return identityTerm(term.identityId);
    case 'lookedAt':
      return lookedAtTerm(term.identityId);
    case 'network':
      // What is no address is in no network: nothing has that word.
      return networkTerm(term.address) ?? `net:${term.address}`;
  }
}
