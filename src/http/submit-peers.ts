// Who is at the other end of each connection to the submission socket: it asks for a claim, proves its user by it once (claims.ts), and what follows
// on the connection is of the same user.

import type { Socket } from 'node:net';
import type { Binding } from '../server/bound-account.ts';
import type { UserClaim, UserClaims } from './claims.ts';
import { busy, type Refuse, type SubmitAnswer } from './submit-answer.ts';
import type { SubmitAdmission } from './submit-admission.ts';

interface Peer {
  claim?: UserClaim;
  uid?: number;
}

export class SubmitPeers {
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #claims: UserClaims;
  readonly #admission: SubmitAdmission;
  readonly #bindingOfUser: (uid: number) => Binding | undefined;
  readonly #refuse: Refuse;

  constructor(
    claims: UserClaims,
    admission: SubmitAdmission,
    bindingOf: (uid: number) => Binding | undefined,
    refuse: Refuse,
  ) {
    this.#claims = claims;
    this.#admission = admission;
    this.#bindingOfUser = bindingOf;
    this.#refuse = refuse;
  }

  /** Names the file that proves the user; whom the connection was proven to be is forgotten. */
  claim(socket: Socket): SubmitAnswer {
    const peer = this.#peerOf(socket);
    if (peer.claim !== undefined) this.#claims.drop(peer.claim);
    delete peer.uid;
    peer.claim = this.#claims.issue();
    return { status: 200, body: { name: peer.claim.name } };
  }

  /** As whom the user of this connection submits, or why there is no answer to that. */
  bindingOf(socket: Socket): (Binding & { readonly uid: number }) | SubmitAnswer {
    const uid = this.#uidOf(this.#peerOf(socket), socket);
    if (typeof uid !== 'number') return uid;
    const binding = this.#bindingOfUser(uid);
    if (binding !== undefined) return { ...binding, uid };
    return { ...this.#refuse(uid, `uid ${uid} is bound to no identity (\`local.services\`)`), last: true };
  }

  #peerOf(socket: Socket): Peer {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const peer: Peer = {};
    this.#peers.set(socket, peer);
    socket.once('close', () => {
      if (peer.claim !== undefined) this.#claims.drop(peer.claim);
    });
    return peer;
  }

  /** A connection proves its user once. */
  #uidOf(peer: Peer, socket: Socket): number | SubmitAnswer {
    const { claim, uid } = peer;
    if (uid !== undefined) return uid;
    if (claim === undefined) return { status: 401, body: { error: 'ask for /claim first' } };
    delete peer.claim;
    const proof = this.#claims.redeem(claim);
    if ('late' in proof) return { status: 401, body: { error: proof.late } };
    if ('refused' in proof) return this.#refuse(undefined, proof.refused);
    if (!this.#admission.proven(socket, proof.uid))
      return { ...busy(`uid ${proof.uid} has too many connections`), last: true };
    peer.uid = proof.uid;
    return proof.uid;
  }
}
