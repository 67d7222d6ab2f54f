import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeHostPort } from '../../basics/address-text.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { systemReason } from '../../system/error-text.ts';
import { streamEvents } from './event-stream.ts';
import type { FarmPlaces } from './follow-farm.ts';
import { judgeRequest } from './judge-request.ts';
import { readPageFiles } from './page-files.ts';
import type { PageFile } from './page-files.ts';

/** The only address that is listened on. */
const address = '127.0.0.1';

/** How many pages may be open at a time. */
const mostStreams = 16;

/** Sent with every answer: nothing but the page's own files is loaded, and no other page can show or read them. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  'Cache-Control': 'no-store',
} as const;

/** A page that is served. */
export interface WebServer {
  /** The address that opens it, with the token. */
  readonly address: string;
  close(): void;
}

function answer(response: ServerResponse, status: number, { type, content }: PageFile, withContent: boolean): void {
  response.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': content.length });
  response.end(withContent ? content : undefined);
}

const sentence = (text: string): PageFile => ({
  type: 'text/plain; charset=utf-8',
  content: Buffer.from(`distccmon-web: ${text}\n`),
});

/**
 * Serves the page on a port of 127.0.0.1, a free one for 0, to whoever knows the token in its address.
 * @throws Failure (status 102) when the port cannot be had
 */
export async function serveWeb(places: FarmPlaces, wantedPort: number): Promise<WebServer> {
  const token = randomBytes(16).toString('hex');
  const files = readPageFiles();
  let port = wantedPort;
  let streams = 0;
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '' } = request;
    const withContent = method !== 'HEAD';
    const verdict = judgeRequest({ method, url, headers: request.headers }, port, token);
    if ('because' in verdict) {
      answer(response, verdict.status, sentence(verdict.because), withContent);
    } else if (verdict.serve === 'events' && withContent) {
      if (streams >= mostStreams) {
        answer(response, 503, sentence(`${mostStreams} pages are open already: close one`), true);
        return;
      }
      streams += 1;
      response.once('close', () => (streams -= 1));
      response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream; charset=utf-8' });
      streamEvents(response, places);
    } else {
      const file = files.get(verdict.serve);
      if (file === undefined) answer(response, 404, sentence('there is no such file'), withContent);
      else answer(response, 200, file, withContent);
    }
  };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 16_384 }, respond);
  server.maxConnections = 64;
  server.listen(wantedPort, address);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Failure(
      exitStatus.bindFailed,
      `cannot listen on ${writeHostPort(address, wantedPort)}: ${systemReason(error)}: choose another port with --port, or leave it out`,
      { cause: error },
    );
  }
  const bound = server.address();
  if (bound !== null && typeof bound === 'object') port = bound.port;
  return {
    address: `http://${writeHostPort(address, port)}/${token}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
