import type { ServerResponse } from 'node:http';
import { followFarm } from './follow-farm.ts';
import type { Farm, FarmPlaces } from './follow-farm.ts';
import type { FeedBatch, FeedEvent } from './model/feed.ts';

/** How long events are gathered before they are sent, in ms: a browser draws no more often. */
const gathering = 50;

/** A page that has not read this many bytes gets no more: when it has read them, everything is described anew. */
const mostUnread = 4 * 1024 * 1024;

/** How often a page hears something, in ms, so that a tunnel stays open and a dead connection is found. */
const heartbeat = 15_000;

/**
 * Sends a page what happens, as server-sent events (WHATWG HTML, "Server-sent events"), each a FeedBatch, until the
 * connection ends.
 */
export function streamEvents(response: ServerResponse, places: FarmPlaces): void {
  let waiting: FeedEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let farm: Farm | undefined;
  const start = (): void => {
    farm = followFarm(places, hear);
  };
  const stop = (): void => {
    farm?.close();
    farm = undefined;
    waiting = [];
    clearTimeout(timer);
    timer = undefined;
  };
  const send = (): void => {
    timer = undefined;
    const batch: FeedBatch = { at: Date.now(), events: waiting };
    waiting = [];
    response.write(`data: ${JSON.stringify(batch)}\n\n`);
    if (response.writableLength <= mostUnread) return;
    stop();
    response.once('drain', start);
  };
  const hear = (event: FeedEvent): void => {
    waiting.push(event);
    timer ??= setTimeout(send, gathering);
  };
  const beat = setInterval(() => response.write(': here\n\n'), heartbeat);
  response.once('close', () => {
    clearInterval(beat);
    response.off('drain', start);
    stop();
  });
  response.write('retry: 1000\n\n');
  start();
}
