import { spawn } from 'node:child_process';

/** Opens an address as the desktop does; `fault` gets the error when xdg-open cannot be run. */
export function openBrowser(address: string, fault: (error: unknown) => void): void {
  const child = spawn('xdg-open', [address], { detached: true, stdio: 'ignore' });
  child.once('error', fault);
  child.unref();
}
