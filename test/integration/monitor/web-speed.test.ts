import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../../support/needs.ts';
import { pictures, startBrowser, WebMonitor } from './browser.ts';
import { PlayedBuild, PlayedFeed } from './played-farm.ts';

// No time is asserted: what was measured is printed.
describe.skipIf(!needs('chromium', 'chromium'))('the page of distccmon-web with a large farm', () => {
  const monitor = new WebMonitor();
  let feed: PlayedFeed;
  let browser: Browser;
  beforeAll(async () => {
    feed = await PlayedFeed.start(monitor.directory);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await feed.end();
    await monitor.end();
  });

  it('draws 64 hosts with 16 slots at 200 jobs a second', async () => {
    const began = Date.now() - 20_000;
    const hosts = Array.from({ length: 64 }, (_, at) => ({ name: `build${at + 1}`, slots: 16 }));
    const build = new PlayedBuild(hosts, 5, began);
    for (let at = began; at < Date.now(); at += 50) build.step(at, 200, 0.01);
    feed.picture = () => build.picture();
    const timer = setInterval(() => feed.tell(...build.step(Date.now(), 200, 0.01)), 50);
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(await monitor.start());
    await page.locator('#rows > li').nth(64).waitFor({ state: 'attached' });
    const ended = build.ended.length;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const busySeconds = async (): Promise<number> => {
      const { metrics } = await devtools.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
    };
    const before = await busySeconds();
    // A text: esbuild would add helpers to a function, which the page does not have.
    const frames = await page.evaluate<number[]>(
      `new Promise((resolve) => {
        const times = [];
        const next = (time) => {
          times.push(time);
          if (time - times[0] < 4000) requestAnimationFrame(next);
          else resolve(times);
        };
        requestAnimationFrame(next);
      })`,
    );
    clearInterval(timer);
    const seconds = ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / 1000;
    const gaps = frames.slice(1).map((time, at) => time - (frames[at] ?? 0));
    const work = (await busySeconds()) - before;
    console.log(
      `64 hosts x 16 slots: ${(gaps.length / seconds).toFixed(0)} frames/s, longest frame ${Math.max(...gaps).toFixed(0)} ms, ` +
        `main thread ${((100 * work) / seconds).toFixed(0)} % busy, ${((build.ended.length - ended) / seconds).toFixed(0)} jobs/s`,
    );
    expect(gaps.length).toBeGreaterThan(0);
    expect(await page.locator('#rows > li').count()).toBe(65);
    await page.screenshot({ path: `${pictures}/large.png` });
    await page.close();
  });
});
