import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobEnd, Picture, RunningJob } from '../../../src/agent-state/events.ts';
import { needs } from '../../support/needs.ts';
import { pictures, startBrowser, WebMonitor } from './browser.ts';
import { PlayedBuild, PlayedFeed, quietPicture } from './played-farm.ts';

const widths = [360, 768, 1024, 1280, 1920, 3840];

const ended = (number: number, more: Partial<JobEnd>): JobEnd => ({
  job: number,
  file: `f${number}.c`,
  began: Date.now() - 1460,
  ended: Date.now() - 1000,
  status: 0,
  bytesOut: 0,
  bytesIn: 0,
  phases: [],
  ...more,
});

/** Every figure is about as long as it can be. */
function longPicture(): Picture {
  const build = new PlayedBuild([], 1, Date.now()).summary(true);
  const bytes = { jobs: 1, failures: 0, busySeconds: 0, bytesOut: 888e9, bytesIn: 888e9 };
  return quietPicture({
    hosts: [{ name: 'build1', slots: 4096, done: 88_888_888, failed: 8_888_888, expected: 0.46 }],
    here: { done: 8_888_888, failed: 0 },
    machine: { processors: 256, busy: 0.88, memoryBytes: 8888e9, availableBytes: 8000e9 },
    build: { ...build, failedJobs: 888_888, hosts: [{ name: 'build1', ...bytes }] },
    ended: [ended(1, { host: 'build1', slot: 0, bytesOut: 8888e9, bytesIn: 8888e9 })],
  });
}

/** What of a page is cut: texts that are wider than their tile, or leave it; tiles that overlap. */
const faultsOfFigures = `(() => {
  const tiles = [...document.querySelectorAll('.figure')];
  const boxes = tiles.map((tile) => tile.getBoundingClientRect());
  const overlaps = (one, other) =>
    one.left < other.right - 0.5 && other.left < one.right - 0.5 && one.top < other.bottom - 0.5 && other.top < one.bottom - 0.5;
  const faults = boxes.flatMap((one, at) =>
    boxes.slice(at + 1).some((other) => overlaps(one, other)) ? ['a tile overlaps another: ' + tiles[at].innerText] : []);
  for (const tile of tiles) {
    const box = tile.getBoundingClientRect();
    for (const part of [tile, ...tile.querySelectorAll('h2, p')])
      if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1) faults.push('cut: ' + part.innerText);
    const range = document.createRange();
    range.selectNodeContents(tile.querySelector('.value'));
    for (const { left, right } of range.getClientRects())
      if (left < box.left || right > box.right) faults.push('outside: ' + tile.innerText);
  }
  return faults;
})()`;

/** Cells of the tables that have more than one line and may not, and what must be scrolled sideways. */
const faultsOfTables = `(() => {
  const lines = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
  };
  const broken = [...document.querySelectorAll(':is(th, td):is(.number, .short)')].filter((cell) => lines(cell) > 1);
  const frames = [...document.querySelectorAll('.table-frame')].filter((frame) => frame.scrollWidth > frame.clientWidth);
  return [...broken.map((cell) => 'broken: ' + cell.innerText), ...frames.map((frame) => 'wide: ' + frame.ariaLabel)];
})()`;

describe.skipIf(!needs('chromium', 'chromium'))('the page of distccmon-web at every width', () => {
  let browser: Browser;
  let monitor: WebMonitor;
  let feed: PlayedFeed;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    monitor = new WebMonitor();
    feed = await PlayedFeed.start(monitor.directory);
  });
  afterEach(async () => {
    await page.context().close();
    await feed.end();
    await monitor.end();
  });

  async function open(picture: () => Picture, width = 1280): Promise<void> {
    feed.picture = picture;
    page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(await monitor.start());
    await page.getByText('Live', { exact: true }).waitFor();
  }

  const figure = (name: string) => page.locator('.figure', { hasText: name }).locator('.value');

  it('cuts no figure, however long, and lets none overlap', async () => {
    await open(longPicture);
    await page.getByText('97,777,776').waitFor();
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      expect([width, await page.evaluate<string[]>(faultsOfFigures)]).toEqual([width, []]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.screenshot({ path: `${pictures}/long-figures.png` });
  });

  it('shows usual figures in one line on a laptop', async () => {
    const now = Date.now();
    const build = new PlayedBuild([{ name: 'build1', slots: 8 }], 1, now - 20_000);
    for (let at = now - 20_000; at <= now; at += 20) build.step(at, 5);
    await open(() => build.picture());
    await page.getByText(/MB ↑/).first().waitFor();
    // A telephone has two lines for the network.
    for (const width of widths.slice(1)) {
      await page.setViewportSize({ width, height: 900 });
      const heights = await page.evaluate<number[]>(
        `[...document.querySelectorAll('.figure .value')].map(({ clientHeight }) => clientHeight)`,
      );
      await page.screenshot({ path: `${pictures}/figures-${width}.png` });
      expect([width, new Set(heights).size]).toEqual([width, 1]);
    }
  });

  it('lists each job once in its tables, with where it was compiled and how it ended', async () => {
    const phases = [
      { phase: 'scan', at: Date.now() - 1500 },
      { phase: 'compile', at: Date.now() - 1460 },
    ] as const;
    const { status: _, ...interrupted } = ended(2, { why: 'it was interrupted', interrupted: true });
    await open(() => quietPicture({ hosts: [{ name: 'build1', slots: 2, done: 0, failed: 0 }] }));
    const job: RunningJob = {
      job: 1,
      pid: 1,
      directory: '/',
      file: 'f1.c',
      began: Date.now() - 1500,
      phase: 'scan',
      since: Date.now() - 1500,
    };
    feed.tell(
      { kind: 'job', job },
      { kind: 'job', job: { ...job, phase: 'compile', since: Date.now() - 1460, host: 'build1', slot: 0 } },
      { kind: 'end', end: ended(1, { host: 'build1', slot: 0, phases }) },
      { kind: 'end', end: interrupted },
      { kind: 'end', end: ended(3, { file: 'program', why: 'it links', status: 1 }) },
    );
    await page.keyboard.press('t');
    const table = page.getByRole('table', { name: /^The last/ });
    await table.getByRole('row', { name: /^program/ }).waitFor();
    const rows = await table.getByRole('row').allInnerTexts();
    expect(
      rows
        .slice(1)
        .map((text) => text.split(/\s*\t\s*/))
        .sort(([one = ''], [other = '']) => (one < other ? -1 : 1)),
    ).toEqual([
      ['f1.c', 'build1', 'done', '0.46 s', ''],
      ['f2.c', 'This machine', 'interrupted', '0.46 s', ''],
      ['program', 'This machine', 'failed', '0.46 s', 'it links'],
    ]);
    await page.keyboard.press('t');
    await page.getByText('find includes, preprocess').waitFor();
  });

  it('breaks no number, time or host in its tables, and needs no scrolling sideways', async () => {
    const now = Date.now();
    const hosts = [
      { name: 'build1.example.com:4000', slots: 8 },
      { name: 'build2', slots: 8 },
    ];
    const build = new PlayedBuild(hosts, 2, now - 20_000);
    for (let at = now - 20_000; at <= now; at += 20) build.step(at, 6);
    build.resting = 'build2';
    await open(() => build.picture());
    await page.keyboard.press('t');
    await page.getByRole('table', { name: 'Hosts' }).waitFor();
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      expect([width, await page.evaluate<string[]>(faultsOfTables)]).toEqual([width, []]);
      await page.screenshot({ path: `${pictures}/tables-${width}.png` });
    }
    // Blocks of a table would be no table for who hears the page.
    await page.setViewportSize({ width: 360, height: 900 });
    const table = page.getByRole('table', { name: 'Hosts' });
    expect(await table.getByRole('columnheader').count()).toBe(6);
    expect(await table.getByRole('rowheader').allInnerTexts()).toContain('build1.example.com:4000');
  });

  it('shows the totals of the agent that runs when one has followed another', async () => {
    await open(() =>
      quietPicture({
        hosts: [{ name: 'old', slots: 2, done: 150, failed: 3 }],
        here: { done: 46, failed: 0 },
        ended: [ended(1, { host: 'old', slot: 0 })],
      }),
    );
    await page.getByText('46 on this machine').waitFor();
    expect(await figure('Jobs done').innerText()).toBe('196');
    await feed.end();
    await page.getByText('The agent has ended').waitFor();
    feed = await PlayedFeed.start(monitor.directory, 'next');
    feed.picture = () =>
      quietPicture({
        agent: { pid: 5000, version: '0', started: 2_000_000 },
        hosts: [{ name: 'new', slots: 2, done: 1, failed: 0 }],
        here: { done: 1, failed: 0 },
      });
    await page.getByText('1 on this machine').waitFor();
    expect(await figure('Jobs done').innerText()).toBe('2');
    expect(await figure('Compiled on hosts').innerText()).toBe('50 %');
    expect(await figure('Failures').innerText()).toBe('0');
  });
});
