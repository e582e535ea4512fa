// The command lines that programs use for sendmail, as they write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { readArguments, type SendArguments } from './arguments.ts';
import { SendFailure } from './failure.ts';

const vectors: readonly (readonly [why: string, args: string, expected: Partial<SendArguments>])[] = [
  [
    'Debian cron',
    '-i -FCronDaemon -B8BITMIME -oem root',
    { dotIsText: true, fullName: 'CronDaemon', recipients: ['root'] },
  ],
  [
    'cronie',
    '-FCronDaemon -i -odi -oem -oi -t -f root',
    { recipientsFromHeader: true, dotIsText: true, sender: 'root' },
  ],
  ['PHP', '-t -i -fwww@example.org', { recipientsFromHeader: true, sender: 'www@example.org' }],
  ['PHP, run together', '-ti', { recipientsFromHeader: true, dotIsText: true }],
  [
    'git send-email',
    '-f alice@example.org -i bob@far.example carol@far.example',
    { recipients: ['bob@far.example', 'carol@far.example'] },
  ],
  [
    's-nail',
    '-i -r alice@example.org -- bob@far.example',
    { sender: 'alice@example.org', recipients: ['bob@far.example'] },
  ],
  [
    'mutt',
    '-oem -oi -N delay,failure -R hdrs -f <alice@example.org> -- b@far.example',
    { notify: ['DELAY', 'FAILURE'], ret: 'HDRS', sender: 'alice@example.org' },
  ],
  [
    'options after recipients, as GNU getopt takes them',
    'bob@far.example -f alice@example.org',
    { sender: 'alice@example.org', recipients: ['bob@far.example'] },
  ],
  ['no sender at all', '-f <> bob@far.example', { sender: '' }],
  ['after -- nothing is an option', '-- -f bob@far.example', { recipients: ['-f', 'bob@far.example'] }],
  [
    'what means nothing here',
    '-Am -Lmail -O DeliveryMode=b -X /tmp/log -Cfile -U -G -n -m -h 3 -p ESMTP:x -om x@y.example',
    { recipients: ['x@y.example'] },
  ],
  ['envelope id', '-V abc -v x@y.example', { envelopeId: 'abc', verbose: true }],
  ['the queue', '-bp', { mode: 'list' }],
  ['SMTP on standard input, as Alpine calls it', '-bs -odb -oem', { mode: 'smtp' }],
  ['run the queue', '-q30m', { mode: 'flush' }],
];

for (const name of ['postern', 'sendmail'] as const)
  test(`sendmail's options are read alike under the name ${name}`, () => {
    for (const [why, args, expected] of vectors) {
      const read = readArguments(args.split(' '), name);
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(read[key as keyof SendArguments], value, `${why}: ${key}`);
    }
  });

const wrong = [
  ['no argument', '-f'],
  ['a daemon', '-bd'],
  ['unknown', '-Z'],
  ['never with others', '-N never,delay x@y.example'],
  ['no such condition', '-N always'],
  ['no such return', '-R half'],
  ['a line end in the envelope id', '-Va\r\nb'],
  ['an envelope id without end', `-V${'a'.repeat(101)}`],
  ['unknown long option', '--qeue'],
  ['value where none goes', '--queue=yes'],
] as const;

test('what is no option is EX_USAGE, with the way out', () => {
  for (const [why, args] of wrong)
    assert.throws(
      () => readArguments(args.split(' '), 'postern'),
      (error) => error instanceof SendFailure && error.code === EX.USAGE && error.message.includes('--help'),
      why,
    );
  assert.throws(() => readArguments(['--qeue'], 'postern'), /did you mean --queue/);
});

test('F-HDR-4: what is no option is shown in one line that no terminal obeys', () => {
  for (const argument of ['-b\n\u001b[2J', '--x\ny\u001b[2J', '-\n', '-\u009b', '-\u202e'])
    assert.throws(
      () => readArguments([argument], 'sendmail'),
      (error) => error instanceof SendFailure && !/[\p{Cc}\p{Cf}]/u.test(error.message),
      JSON.stringify(argument),
    );
});

test('by the name of sendmail no argument can name a configuration, which could name a command', () => {
  assert.equal(readArguments(['-C/tmp/evil', 'x@y.example'], 'sendmail').config, undefined);
  assert.throws(() => readArguments(['--config=/tmp/evil'], 'sendmail'), SendFailure);
  assert.equal(readArguments(['-C', 'mine.yaml'], 'postern').config, 'mine.yaml');
});
