import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { readStatus } from '../../../src/server/metrics/status.ts';
import { writeStatusPage } from '../../../src/server/metrics/status-page.ts';
import { counted } from '../../support/counted-service.ts';

const widths = [360, 700, 800, 1400];

/** A page of a server with much to show, all of it as long as it can be. */
function fullPage(): string {
  const long = `${'a'.repeat(190)}.cc`;
  const client = '2001:db8:1111:2222:3333:4444:5555:6666';
  const service = counted();
  for (let at = 0; at < 3; at += 1) service.board.begin(client).name('x86_64-w64-mingw32-gcc-12-win32', long);
  service.board.refuse('option_refused', client, `the option "${long}" is refused`, Date.now());
  const compilers = [{ name: long, path: `/usr/bin/${long}`, version: '12', target: 'x86_64-linux-gnu' }];
  return writeStatusPage(readStatus(service, compilers));
}

/** Shows the page in frames of these widths, and writes what each would scroll to as the title. */
const measuring = (page: string): string => `<!DOCTYPE html><title>waits</title><body><script>
const page = ${JSON.stringify(page).replaceAll('<', '\\u003c')};
const frames = ${JSON.stringify(widths)}.map((width) => new Promise((done) => {
  const frame = document.createElement('iframe');
  frame.style = 'border: 0; height: 600px; width: ' + width + 'px';
  frame.onload = () => done(frame.contentDocument.documentElement.scrollWidth);
  frame.srcdoc = page;
  document.body.append(frame);
}));
Promise.all(frames).then((found) => (document.title = JSON.stringify(found)));
</script>`;

it('the status page needs no sideways scrolling, from 360 pixels on', () => {
  const top = mkdtempSync(join(tmpdir(), 'test-status-page-'));
  try {
    const file = join(top, 'page.html');
    writeFileSync(file, measuring(fullPage()));
    const words = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--window-size=1600,1200',
      `--user-data-dir=${join(top, 'profile')}`,
      // In ms of the page's own clock.
      '--virtual-time-budget=20000',
      '--dump-dom',
      pathToFileURL(file).href,
    ];
    const { stdout, stderr } = spawnSync('chromium', words, { encoding: 'utf8' });
    const [, title = stderr] = /<title>(.*)<\/title>/.exec(stdout) ?? [];
    expect(title).toBe(JSON.stringify(widths));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
