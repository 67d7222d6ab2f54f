import { createServer, get, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { startFakeServer } from '../client/fake-server.ts';
import { Sandbox } from '../client/sandbox.ts';
import { pictures, startBrowser, WebMonitor } from './browser.ts';
import { PlayedBuild, PlayedFeed, quietPicture } from './played-farm.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Asks a server, with whatever headers. */
async function ask(address: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const asked = request(address, { headers, method });
  asked.end();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Node gives
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/** A line between browser and server that can be cut: a proxy. */
interface Line {
  readonly address: string;
  cut(): void;
  mend(): void;
  end(): Promise<void>;
}

async function startLine(): Promise<Line> {
  let isCut = false;
  const proxy = createServer((asked, answer) => {
    if (isCut) {
      asked.socket.destroy();
      return;
    }
    const passed = request(asked.url ?? '', { headers: asked.headers, method: asked.method ?? '' }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => asked.socket.destroy());
    answer.on('close', () => passed.destroy());
    passed.end();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const bound = proxy.address();
  return {
    address: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`,
    cut: () => {
      isCut = true;
      proxy.closeAllConnections();
    },
    mend: () => (isCut = false),
    end: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

/** The sizes at which everything must be readable: a telephone, a laptop, a 4K screen. */
const sizes = [
  { width: 360, height: 760 },
  { width: 1440, height: 900 },
  { width: 3840, height: 2160 },
] as const;

describe('distccmon-web', () => {
  const monitor = new WebMonitor();
  let address = '';
  beforeAll(async () => {
    address = await monitor.start();
  });
  afterAll(() => monitor.end());

  it('prints an address of this machine with a token in it, another one each time', async () => {
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const other = new WebMonitor();
    const another = await other.start();
    await other.end();
    expect(new URL(another).pathname).not.toBe(new URL(address).pathname);
  });

  it('listens on 127.0.0.1 only', async () => {
    const socket = connect(Number(new URL(address).port), '127.0.0.2');
    const [error] = await once(socket, 'error').catch((fault: unknown) => [fault]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('serves the page with a policy that lets it load nothing else, in less than 100 kB', async () => {
    const page = await ask(address);
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    const names = [...page.text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, name = '']) => name);
    expect([...new Set(names)].sort()).toEqual(['icon.svg', 'page.css', 'page.js']);
    const files = await Promise.all([...new Set(names)].map((name) => ask(address + name)));
    expect(files.map(({ status }) => status)).toEqual([200, 200, 200]);
    const size = [page, ...files].reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    console.log(`the page has ${size} bytes`);
    expect(size).toBeLessThan(100_000);
    for (const { text } of [page, ...files])
      expect(text.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\//);
  });

  it.each([
    ['a name that was made to lead here', '', { Host: 'evil.example' }, ['GET', 421]],
    ['another port of this machine', '', { Host: '127.0.0.1:1' }, ['GET', 421]],
    ['a page of another origin', '', { Origin: 'http://evil.example' }, ['GET', 403]],
    ['an image or a script in another page', 'page.js', { 'Sec-Fetch-Site': 'cross-site' }, ['GET', 403]],
    ['a post', '', {}, ['POST', 405]],
    ['a file that is not there', 'secret', {}, ['GET', 404]],
  ] as const)('refuses %s', async (_, file, headers, [method, status]) => {
    const answer = await ask(address + file, headers, method);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(/^distccmon-web: .+\n$/);
    expect(answer.headers['content-security-policy']).toBeDefined();
  });

  it('refuses the page, its files and the events without the token', async () => {
    const { origin } = new URL(address);
    for (const path of ['/', '/events', '/page.js', `/${'0'.repeat(32)}/`, `/${'0'.repeat(32)}/events`]) {
      expect([path, (await ask(origin + path)).status]).toEqual([path, 403]);
    }
  });

  it('says which port is taken, and ends with 102', async () => {
    const other = new WebMonitor();
    await other.start('--port', new URL(address).port);
    expect(other.address).toBe('');
    await until(() => other.errors.endsWith('\n'), 'it has told why');
    expect(other.errors).toBe(
      `distccmon-web: ERROR: cannot listen on 127.0.0.1:${new URL(address).port}: Address already in use: ` +
        `choose another port with --port, or leave it out\n`,
    );
    expect(other.status).toBe(102);
    await other.end();
  });

  it('gives a reader that has stopped reading a new picture when it reads again', async () => {
    const feed = await PlayedFeed.start(monitor.directory);
    const asked = get(`${address}events`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Node gives
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.pause();
    await until(() => feed.followers > 0, 'it follows the agent');
    const { machine } = quietPicture();
    const large = { kind: 'failure', at: 0, job: 1, host: 'x'.repeat(60_000), why: '' } as const;
    // More than sockets hold, and than it keeps for a page.
    for (let count = 0; count < 400 && feed.followers > 0; count += 1) {
      feed.tell(large, { kind: 'machine', at: count, machine });
      await new Promise((next) => setTimeout(next, 5));
    }
    await until(() => feed.followers === 0, 'it follows the agent no longer');
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    answer.resume();
    await until(() => text.split('"kind":"start"').length === 3, 'it has begun anew');
    await until(() => text.split('"kind":"picture"').length === 3, 'with a new picture');
    asked.destroy();
    await until(() => feed.followers === 0, 'the agent is left alone');
    await feed.end();
  });
});

describe.skipIf(!needs('chromium', 'chromium'))('the page of distccmon-web', () => {
  let browser: Browser;
  let monitor: WebMonitor;
  let feed: PlayedFeed | undefined;
  let pages: Page[] = [];
  let faults: string[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    monitor = new WebMonitor();
    faults = [];
  });
  afterEach(async () => {
    for (const page of pages) await page.context().close();
    pages = [];
    await feed?.end();
    feed = undefined;
    await monitor.end();
  });

  async function open(options: BrowserContextOptions = {}, { withClock = false } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: sizes[1], ...options });
    pages.push(page);
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    if (withClock) await page.clock.install();
    await page.goto(await monitor.start());
    return page;
  }

  const hosts = [
    { name: 'build1', slots: 8 },
    { name: 'build2', slots: 8 },
    { name: 'build3', slots: 4 },
    { name: 'build4:4000', slots: 4 },
    { name: 'build5', slots: 4 },
  ];

  /** A build that has been at work for a minute. */
  function playBuild(): PlayedBuild {
    const now = Date.now();
    const build = new PlayedBuild(hosts, 2.4, now - 61_000);
    for (let at = now - 61_000; at <= now; at += 20) {
      build.step(at, at > now - 12_000 ? 8.5 : 10, 0.02);
      if (at > now - 18_000) build.resting = 'build5';
    }
    return build;
  }

  it('says that there is no agent, shows one when it starts, and says that it has ended', async () => {
    const page = await open();
    await page.getByText('No agent is running').waitFor();
    await page.screenshot({ path: `${pictures}/no-agent.png` });
    feed = await PlayedFeed.start(monitor.directory);
    feed.picture = () => quietPicture({ hosts: [{ name: 'build1', slots: 4, done: 12, failed: 0, expected: 0.8 }] });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'build1' }).waitFor();
    expect(await page.locator('#notice').isVisible()).toBe(false);
    await page.screenshot({ path: `${pictures}/one-host.png` });
    await feed.end();
    feed = undefined;
    await page.getByText('The agent has ended').waitFor();
    expect(faults).toEqual([]);
  });

  it('says that there are no hosts, and how to name some', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const page = await open();
    await page.getByText('No hosts: everything is compiled on this machine').waitFor();
    await page.getByText("export DISTCC_HOSTS='server1/8 server2/8'").waitFor();
    await page.screenshot({ path: `${pictures}/no-hosts.png` });
  });

  it('shows two agents of an account as one farm', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const other = await PlayedFeed.start(monitor.directory, 'older');
    const host = { name: 'build1', slots: 4, done: 10, failed: 0 };
    feed.picture = () => quietPicture({ hosts: [host] });
    other.picture = () => quietPicture({ hosts: [host], agent: { pid: 1, version: '0', started: 1 } });
    const page = await open();
    await page.getByText('Live, 2 agents').waitFor();
    await page.getByText('20 done').waitFor();
    await other.end();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('comes back by itself when the connection was cut, and says that it tries', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const line = await startLine();
    const page = await open({ proxy: { server: line.address, bypass: '<-loopback>' } });
    await page.getByText('Live', { exact: true }).waitFor();
    line.cut();
    await page.getByText('distccmon-web does not answer').waitFor();
    line.mend();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('distccmon-web does not answer').waitFor({ state: 'hidden' });
    await line.end();
  });

  it('follows nothing after a minute in the background, until it is looked at again', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const played = feed;
    const page = await open({}, { withClock: true });
    await page.getByText('Live', { exact: true }).waitFor();
    const hide = (hidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    await page.clock.fastForward(30_000);
    expect(played.followers).toBe(1);
    await page.clock.fastForward(31_000);
    await until(() => played.followers === 0, 'it follows nothing');
    await hide(false);
    await until(() => played.followers === 1, 'it follows again');
  });

  it('says that its address has become invalid when distccmon-web has another token', async () => {
    const page = await open();
    await page.getByText('No agent is running').waitFor();
    const { port } = new URL(monitor.address);
    await monitor.stop();
    await page.getByText('distccmon-web does not answer').waitFor();
    await monitor.start('--port', port);
    await page.getByText('This address is not valid any more').waitFor();
  });

  it('is shown and read by no page of another origin', async () => {
    await monitor.start();
    let other: Server | undefined;
    try {
      other = createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end('<!doctype html><title>other</title><body></body>');
      }).listen(0, '127.0.0.1');
      await once(other, 'listening');
      const bound = other.address();
      const page = await browser.newPage();
      pages.push(page);
      await page.goto(`http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/`);
      // Texts: the page of the test has no types of a browser.
      const tried = await page.evaluate<Record<string, string>>(`(async (address) => {
        const outcome = (start) => new Promise((resolve) => start(resolve)).catch(String);
        const element = (name, key, value) => outcome((resolve) => {
          const made = document.createElement(name);
          made.onload = () => resolve('loaded');
          made.onerror = () => resolve('refused');
          made[key] = value;
          document.body.append(made);
        });
        return {
          fetch: await fetch(address).then((answer) => answer.text(), () => 'refused'),
          opaque: await fetch(address + 'events', { mode: 'no-cors' }).then(() => 'sent', () => 'refused'),
          script: await element('script', 'src', address + 'page.js'),
          image: await element('img', 'src', address + 'icon.svg'),
          events: await outcome((resolve) => {
            const source = new EventSource(address + 'events');
            source.onmessage = () => resolve('heard');
            source.onerror = () => resolve('refused');
          }),
          frame: await outcome((resolve) => {
            const frame = document.createElement('iframe');
            frame.onload = () => setTimeout(() => {
              try { resolve(frame.contentDocument === null ? 'refused' : 'read'); } catch { resolve('refused'); }
            }, 300);
            frame.src = address;
            document.body.append(frame);
          }),
        };
      })(${JSON.stringify(monitor.address)})`);
      expect(tried).toEqual({
        fetch: 'refused',
        opaque: 'refused',
        script: 'refused',
        image: 'refused',
        events: 'refused',
        frame: 'refused',
      });
      // What is in the frame is the browser's own page that says so.
      expect(await Promise.all(page.frames().map((frame) => frame.locator('#farm').count()))).not.toContain(1);
    } finally {
      other?.close();
    }
  });

  it('can be used with the keyboard alone', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const build = playBuild();
    feed.picture = () => build.picture();
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('#rows').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
    await page.locator('#tip').waitFor({ state: 'visible' });
    expect(await page.locator('#tip').innerText()).toMatch(/build1, slot \d/);
    expect(await page.locator('#said').innerText()).toMatch(/ on build1 /);
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^build1: \d of 8 busy, /);
    await page.screenshot({ path: `${pictures}/chosen.png` });
    await page.keyboard.press('Escape');
    await page.locator('#tip').waitFor({ state: 'hidden' });
    await page.keyboard.press('p');
    await page.getByRole('button', { name: 'Go on', pressed: true }).waitFor();
    await page.keyboard.press('p');
    await page.keyboard.press('t');
    const table = page.getByRole('table', { name: 'Hosts' });
    await table.waitFor();
    expect(await table.getByRole('rowheader').allInnerTexts()).toEqual([
      'This machine',
      ...hosts.map(({ name }) => name),
    ]);
    expect(await page.getByRole('table', { name: 'Jobs now' }).getByRole('row').count()).toBeGreaterThan(3);
    await page.screenshot({ path: `${pictures}/tables.png` });
    expect(faults).toEqual([]);
  });

  it('tells of a build that has ended', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const build = playBuild();
    feed.picture = () => ({ ...build.picture(), jobs: [] });
    const page = await open();
    await page.getByText('running', { exact: true }).waitFor();
    feed.tell({ kind: 'build', build: build.summary(false) });
    await page.getByText(/^ended .* ago$/).waitFor();
    await page.getByText('Limited by too few slots').waitFor();
    await page.getByText(/^Every slot was busy/).waitFor();
    expect(await page.locator('#said').innerText()).toMatch(/^The build has ended: \d+ jobs in /);
    await page.screenshot({ path: `${pictures}/ended.png` });
  });

  it.skipIf(!needs('/usr/bin/distcc', 'distcc'))("shows the job of distcc 3.4's client by its state file", async () => {
    const box = new Sandbox();
    const server = await startFakeServer(() => undefined);
    box.write('a.c', 'int x;\n');
    box.start(['gcc', '-c', 'a.c', '-o', 'a.o'], { DISTCC_HOSTS: server.host }, { program: '/usr/bin/distcc' });
    await monitor.end();
    monitor = new WebMonitor(box.own);
    const page = await open();
    await page.getByText('Live, without an agent').waitFor();
    await page.getByRole('heading', { name: '127.0.0.1' }).waitFor();
    await page.screenshot({ path: `${pictures}/stock.png` });
    await page.keyboard.press('t');
    const job = page.getByRole('table', { name: 'Jobs now' }).getByRole('row', { name: /^a\.c 127\.0\.0\.1 / });
    await job.waitFor();
    box.remove();
    await job.waitFor({ state: 'detached' });
    await server.end();
  });

  it('fits screens from a telephone to 4K, light and dark', async () => {
    feed = await PlayedFeed.start(monitor.directory);
    const build = playBuild();
    const beat = setInterval(() => feed?.tell(...build.step(Date.now(), 8.5, 0.02)), 50);
    feed.picture = () => build.picture();
    const page = await open();
    await page.locator('.row[data-rests]', { hasText: 'build5' }).waitFor();
    for (const size of sizes) {
      await page.setViewportSize(size);
      const grounds: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(400);
        await page.screenshot({ path: `${pictures}/${size.width}-${colorScheme}.png` });
        grounds.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
      }
      const [inner, whole] = await page.evaluate<[number, number]>(
        '[innerWidth, document.documentElement.scrollWidth]',
      );
      expect(whole).toBeLessThanOrEqual(inner);
      expect(new Set(grounds).size).toBe(2);
    }
    clearInterval(beat);
    expect(faults).toEqual([]);
  });
});
