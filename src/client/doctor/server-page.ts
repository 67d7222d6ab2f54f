import { connectTo } from '../../probe/exchange.ts';

/** How long the page may take, in ms. */
const patience = 1000;
const longestPage = 64 * 1024;

/** What a server's statistics page tells of it. */
export interface ServerPage {
  /** Jobs at a time. */
  readonly slots: number;
  /** Its load average of the last minute; undefined when it does not know it. */
  readonly load: number | undefined;
}

/** Reads a statistics page (doc/distcc-behaviour.md, "Statistics page"); undefined when it is something else. */
function parsePage(text: string): ServerPage | undefined {
  const number = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+(?:\\.\\d+)?)$`, 'm').exec(text)?.[1] ?? 'NaN');
  const slots = number('dcc_max_kids');
  if (!text.includes('<distccstats>') || Number.isNaN(slots)) return undefined;
  const load = number('dcc_load1');
  return { slots, load: Number.isNaN(load) ? undefined : load };
}

/** Asks for a server's statistics page; undefined when it has none, or none for this machine. */
export async function askPage(address: string, port: number): Promise<ServerPage | undefined> {
  try {
    const socket = await connectTo(address, port, patience);
    let text = '';
    await new Promise<void>((resolve) => {
      const end = (): void => void socket.destroy();
      const timer = setTimeout(end, patience);
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1');
        if (text.length > longestPage) end();
      });
      socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.write('GET / HTTP/1.0\r\n\r\n');
    });
    return parsePage(text);
  } catch {
    return undefined;
  }
}
