// Why a delivery is held, as the bits of `recipient.held`: it goes on when none is left.

export const HELD_BY_OPERATOR = 1;
/** Its identity may not send. */
export const HELD_BY_IDENTITY = 2;
