// The next hop of the benchmarks: takes everything, counts each numbered message once. A process of its own.
//   node bench/sink.ts PORT [MS]     says each reply MS late, as a host that is far away does; prints {"unique":n,"duplicates":n} for each line on stdin

import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const port = Number(process.argv[2]);
const delayMs = Number(process.argv[3] ?? 0);
const seen = new Set<string>();
let duplicates = 0;

const END = Buffer.from('\r\n.\r\n');

createServer({ noDelay: true }, (socket) => {
  let inData = false;
  let pending = Buffer.alloc(0);
  socket.write('220 sink ESMTP\r\n');
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    let replies = '';
    for (;;) {
      if (inData) {
        const end = pending.indexOf(END);
        if (end < 0) break;
        count(pending.subarray(0, end));
        pending = pending.subarray(end + END.length);
        inData = false;
        replies += '250 2.0.0 ok\r\n';
        continue;
      }
      const end = pending.indexOf('\n');
      if (end < 0) break;
      const verb = pending.subarray(0, 4).toString('latin1').toUpperCase();
      pending = pending.subarray(end + 1);
      if (verb === 'EHLO')
        replies +=
          '250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n';
      else if (verb === 'DATA') {
        inData = true;
        replies += '354 go\r\n';
      } else if (verb === 'QUIT') {
        socket.end(`${replies}221 2.0.0 bye\r\n`);
        return;
      } else replies += '250 2.1.0 ok\r\n';
    }
    if (replies === '') return;
    if (delayMs === 0) socket.write(replies);
    else setTimeout(() => void socket.write(replies), delayMs);
  });
}).listen(port, '127.0.0.1', () => console.log('ready'));

function count(message: Buffer): void {
  const at = message.indexOf('\nX-Bench: ');
  if (at < 0) return;
  const number = message.subarray(at + 10, message.indexOf('\r', at + 10)).toString('latin1');
  if (seen.has(number)) duplicates += 1;
  else seen.add(number);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  console.log(JSON.stringify({ unique: seen.size, duplicates }));
  if (line === 'reset') {
    seen.clear();
    duplicates = 0;
  }
});
