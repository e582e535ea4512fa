// Messages that this writer accepted into the hands of a front, with nothing having happened to them since, as far as it knows: their ends may go in a group. Others file
// them too, as by a queue command or when they take over, and tell nobody: so one is let go of at the latest when its front is done with it, or gone.

import type { MessageId } from '../../base/message-id.ts';
import type { Owner } from '../owner.ts';
import type { QueuedMessage } from '../port.ts';

type Role = QueuedMessage['role'];

export class InHand {
  readonly #all = new Map<MessageId, { readonly role: Role; readonly owner: Owner }>();

  take(id: MessageId, role: Role, owner: Owner): void {
    this.#all.set(id, { role, owner });
  }

  has(id: MessageId): boolean {
    return this.#all.has(id);
  }

  roleOf(id: MessageId): Role | undefined {
    return this.#all.get(id)?.role;
  }

  letGo(ids: Iterable<MessageId>): void {
    for (const id of ids) this.#all.delete(id);
  }

  /** Of all whose owners begin so. */
  letGoOf(ownerPrefix: Owner): void {
    for (const [id, { owner }] of this.#all) if (owner.startsWith(ownerPrefix)) this.#all.delete(id);
  }

  *roles(): Generator<Role, void> {
    for (const { role } of this.#all.values()) yield role;
  }
}
