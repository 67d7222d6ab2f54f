import { once } from 'node:events';
import { createServer } from 'node:net';

// Linux gives ports from 32768 on to outgoing connections, and to servers that ask for any port. One of those could be
// taken between the moment it is found free here and the moment the server listens on it.
const [least, most] = [10_000, 32_767];

/**
 * A TCP port of 127.0.0.1 that nobody listens on now, and that no other program gets without asking for it by number.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = least + Math.floor(Math.random() * (most - least + 1));
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    } catch {
      // Somebody listens there.
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
