// What the forms of the page Trail do: a verification begins or is stopped, events are exported as a file.

import type { Act } from '../page.ts';

export const verifyTrail: Act = {
  path: '/trail/verification',
  actions: {
    async start({ administration }, form) {
      const expect = (form.get('expect') ?? '').trim();
      await administration().startVerification(expect === '' ? {} : { expect });
      return { to: '/trail', notice: 'The verification is under way.' };
    },
    async stop({ administration }) {
      await administration().stopVerification();
      return { to: '/trail', notice: 'The verification is stopped.' };
    },
  },
};

export const exportEvents: Act = {
  path: '/trail/export',
  async carryOut({ administration, now }, form) {
    const login = (form.get('login') ?? '').trim();
    const reason = (form.get('reason') ?? '').trim();
    const pieces = await administration(reason).exportTrail(login === '' ? {} : { login });
    return { file: `trail-${new Date(now).toISOString().slice(0, 10)}.jsonl`, pieces };
  },
};
