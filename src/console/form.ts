// A form as a page of ours sends it: read by who knows how large it may be, and no further. What is refused here is nobody's fault but the sender's.

import type { Context } from 'hono';
import type { Session } from './sessions.ts';

/** Of those who are not signed in yet, and of forms that hold no more than a secret. */
export const SMALL_OCTETS_MAX = 4096;
export const FORM_OCTETS_MAX = 1024 * 1024;
/** To take half a million fields apart takes seconds. */
export const FIELDS_MAX = 2000;

export class FormRefused extends Error {
  override readonly name = 'FormRefused';
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413) {
    super(message);
    this.status = status;
  }
}

/** Rejects with `FormRefused`. */
export async function readForm(request: Request, octetsMax: number): Promise<URLSearchParams> {
  const parts: Uint8Array[] = [];
  let octets = 0;
  try {
    for await (const part of request.body ?? []) {
      octets += part.length;
      if (octets > octetsMax) throw new FormRefused('The request is too large', 413);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof FormRefused) throw error;
    throw new FormRefused('The form did not come whole: send it again', 400);
  }
  const text = Buffer.concat(parts).toString();
  let fields = 1;
  for (let at = text.indexOf('&'); at >= 0 && fields <= FIELDS_MAX; at = text.indexOf('&', at + 1))
    fields += 1;
  if (fields > FIELDS_MAX)
    throw new FormRefused(`A form has at most ${FIELDS_MAX} fields: choose fewer messages`, 400);
  return new URLSearchParams(text);
}

export const isOfForm = (form: URLSearchParams, { formToken }: Session): boolean =>
  form.get('token') === formToken;

export function refusedForm(context: Context): Response {
  return context.text(
    'Refused: this form is not of your session. Go back, load the page again, and try once more\n',
    403,
  );
}
