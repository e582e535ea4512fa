// Every dialog against the bare session machine, twice: each write as one piece, and octet by octet. Both must give the same.

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { BareShell, settings } from './bare.ts';
import { type Dialog, groups, parseDialogs, replyFlaw, replyProblem, ReplyStream } from './dialog.ts';

type Cut = (shell: BareShell, bytes: Buffer) => void;

const cuts: Readonly<Record<string, Cut>> = {
  whole: (shell, bytes) => shell.bytes(bytes),
  'octet by octet': (shell, bytes) => {
    for (const octet of bytes) shell.bytes(Uint8Array.of(octet));
  },
};

function play({ start, steps }: Dialog, cut: Cut): string {
  const shell = new BareShell(settings(start.startsWith('mx') ? 'mx' : 'submission'));
  const stream = new ReplyStream();
  let transcript = '';
  let last: readonly string[] = [];
  let first = true;
  const take = (): readonly string[] | undefined => {
    stream.push(shell.text);
    shell.text = '';
    return stream.take();
  };
  for (const step of groups(steps)) {
    switch (step.type) {
      case 'send':
        cut(shell, step.bytes);
        break;
      case 'reply': {
        const reply = take();
        assert.ok(reply !== undefined, `expected "${step.text}", the server said nothing more\n${transcript}`);
        transcript += `${reply.join('\n')}\n`;
        const problem = replyProblem(step, reply.at(-1) ?? '');
        assert.equal(problem, undefined, `${problem}\n${transcript}`);
        assert.equal(replyFlaw(reply, first), undefined);
        last = reply;
        first = false;
        break;
      }
      case 'has':
      case 'hasNot': {
        const found = last.some((line) => line.slice(4).startsWith(step.word));
        assert.equal(found, step.type === 'has', `${step.word} in ${last.join(' | ')}`);
        break;
      }
      case 'tls':
        assert.ok(shell.wantsTls, 'the handshake begins');
        shell.tls();
        break;
      case 'close':
        assert.ok(shell.closed, `the server closes\n${transcript}`);
        break;
    }
  }
  const said = steps.at(-1)?.type === 'close';
  assert.equal(shell.closed, said, `${said ? 'the server closes' : 'nobody said that the server closes'}\n${transcript}`);
  assert.equal(take(), undefined, `more replies than commands\n${transcript}`);
  return transcript + String(shell.closed);
}

test('5321-h/3: the server ends a session after 221 and 421, and after errors only where what follows could be taken for commands', () => {
  const framing = /^(?:[\w./-]+ )*(?:F-SMUG-[12]|F-STLS-1|F-BDAT-1|EXT-CHUNK-d|F-AUTH-12|F-REL-14)[ :]/;
  const ends = globSync('test/dialogs/*.txt').flatMap((file) =>
    parseDialogs(file).filter(({ steps }) => steps.at(-1)?.type === 'close'),
  );
  assert.ok(ends.length > 10);
  for (const { name, steps } of ends) {
    const last = steps.findLast((step) => step.type === 'reply');
    if (!/^[24]21 /.test(last?.text ?? '')) assert.match(name, framing);
  }
});

for (const file of globSync('test/dialogs/*.txt').sort()) {
  for (const dialog of parseDialogs(file)) {
    test(dialog.name, () => {
      const transcripts = Object.values(cuts).slice(0, dialog.wholeOnly ? 1 : 2).map((cut) => play(dialog, cut));
      assert.equal(new Set(transcripts).size, 1);
    });
  }
}
