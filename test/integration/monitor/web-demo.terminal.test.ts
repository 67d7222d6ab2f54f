import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawn } from 'node-pty';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/daemon.ts';
import { needs } from '../../support/needs.ts';
import { pictures, startBrowser } from './browser.ts';

const top = resolve(import.meta.dirname, '../../..');

describe.skipIf(!needs('chromium', 'chromium'))('npm run demo -- --watch', () => {
  it('prints the address of a page that shows its build', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'test-demo-'));
    // Long enough to be seen in a state file, too.
    const text = `#include <stdio.h>\n${Array.from({ length: 150 }, (_, at) => `int f${at}(int x) { return x * ${at} + printf("%d", x); }`).join('\n')}\n`;
    for (let at = 0; at < 4; at += 1) writeFileSync(join(folder, `watched${at}.c`), text);
    const terminal = spawn(process.execPath, ['scripts/demo.mjs', '--watch', folder], { cwd: top, cols: 200 });
    let output = '';
    let ended: number | undefined;
    terminal.onData((data) => (output += data));
    terminal.onExit(({ exitCode }) => (ended = exitCode));
    const browser = await startBrowser();
    try {
      await until(() => output.includes('press Enter to begin') || ended !== undefined, 'it waits for the browser');
      const [address = ''] = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]+\//.exec(output) ?? [];
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(address);
      await page.getByText('No agent is running').waitFor();
      terminal.write('\r');
      await page
        .getByRole('heading', { name: /^127\.0\.0\.1/ })
        .first()
        .waitFor();
      await until(() => output.includes('press Enter to end') || ended !== undefined, 'the build has ended');
      expect(output).toContain('4 of 4 objects identical');
      await page.screenshot({ path: `${pictures}/demo.png` });
      await page.keyboard.press('t');
      await page
        .getByRole('rowheader', { name: /^watched\d\.c$/ })
        .first()
        .waitFor();
      terminal.write('\r');
      await until(() => ended !== undefined, 'it has ended');
      expect(ended).toBe(0);
    } finally {
      await browser.close();
      if (ended === undefined) terminal.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
