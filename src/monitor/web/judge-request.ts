import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What is known of a request before it is answered. */
export interface WebRequest {
  readonly method: string;
  /** The path with its query. */
  readonly url: string;
  readonly headers: Pick<IncomingHttpHeaders, 'host' | 'origin' | 'sec-fetch-site' | 'sec-fetch-mode'>;
}

/** What a request gets: one of the page's files by its name, or a status and a sentence. */
export type WebVerdict = { readonly serve: string } | { readonly status: number; readonly because: string };

const refuse = (status: number, because: string): WebVerdict => ({ status, because });

function isToken(text: string, token: string): boolean {
  const [given, wanted] = [Buffer.from(text), Buffer.from(token)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/**
 * Judges a request to the server on a port of 127.0.0.1. Every account of this machine can connect there, and so can
 * every page that a browser of this machine shows: the token keeps the accounts out, and the headers, which a page
 * cannot choose, keep out what a page of another origin asks for, also under a name of its own that leads here.
 */
export function judgeRequest({ method, url, headers }: WebRequest, port: number, token: string): WebVerdict {
  const { host = '' } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return refuse(421, `this is 127.0.0.1:${port}, and is asked for under no other name`);
  if (headers.origin !== undefined && headers.origin !== `http://${host}`)
    return refuse(403, 'pages of other origins get nothing');
  const site = headers['sec-fetch-site'];
  const isFollowedLink = headers['sec-fetch-mode'] === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isFollowedLink)
    return refuse(403, 'pages of other origins get nothing');
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'only GET and HEAD are answered');
  const [, given = '', file, ...more] = url.split('/');
  if (!isToken(given, token)) return refuse(403, 'open the whole address that distccmon-web has printed');
  if (file === undefined || more.length > 0) return refuse(404, 'there is no such file');
  return { serve: file === '' ? 'page.html' : file };
}
