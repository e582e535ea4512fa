// What `postern send --help` prints.

export const sendHelp = `Usage: postern send [options] [recipients...]

Submits a message from standard input, as sendmail does; called by the name sendmail it takes
the options of sendmail alone. Configuration: ~/.config/postern/send.yaml, else /etc/postern/send.yaml.

  -t              recipients are those of To, Cc and Bcc, beside those named
  -i, -oi         a line with a dot alone is text, not the end
  -f, -r ADDRESS  envelope sender; <> for none
  -F NAME         display name for From, if the message has none
  -N CONDITIONS   delivery reports: never, or some of success,failure,delay
  -R full|hdrs    what a report gives back
  -V ID           envelope id for reports
  -v, --verbose   the dialog with the server on standard error, without secrets
  --queue         put it into the queue, to be sent by --flush
  --flush, -q     send what waits in the queue; what could not be sent for 5 days is given up;
                  with ids also what was refused or given up
  --list, -bp     what is in the queue, and why; --json for programs
  --remove ID...  take it out of the queue, unsent
  -C, --config FILE
                  configuration; else $POSTERN_SEND_CONFIG or the usual places
  -bs             messages come as SMTP on standard input; each is answered there
  -bm, -B, -e, -h, -L, -O, -o..., -X and other options of sendmail are taken and change nothing

The password comes from $POSTERN_PASSWORD, or passwordFile, passwordCommand or password of the configuration.

Examples:
  printf 'To: bob@example.com\\nSubject: Lunch?\\n\\nAt noon.\\n' | postern send -t
  postern send -f alice@example.org bob@example.com < message.eml
  git send-email --sendmail-cmd='postern send' --to=bob@example.com *.patch
  postern send --flush

Exit codes (sysexits.h): 0 accepted or queued, 64 usage, 65 message or address, 67 no such recipient,
69 refused, 71 system, 75 try again later, 76 no secure session, 77 not permitted, 78 configuration.
`;
