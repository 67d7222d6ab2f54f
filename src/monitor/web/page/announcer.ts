import type { FarmModel } from '../model/farm.ts';
import { byId } from './dom.ts';
import { restText } from './row-view.ts';
import { countText, secondsText, shareText } from './words.ts';

/** Says little to those who hear the page: that a build began or ended, and that a host rests. */
export class Announcer {
  readonly #place = byId('said');
  #running = false;
  #resting = new Set<string>();

  say(text: string): void {
    this.#place.textContent = text;
  }

  look({ build, rows }: FarmModel, now: number): void {
    const running = build?.running === true;
    if (running && !this.#running) this.say('A build has begun.');
    if (build !== undefined && !running && this.#running) {
      const share = shareText(build.remote / Math.max(1, build.jobs));
      this.say(
        `The build has ended: ${countText(build.jobs, 'job')} in ${secondsText(build.wallSeconds)}, ${share} on hosts.`,
      );
    }
    this.#running = running;
    const resting = new Set<string>();
    for (const [name, row] of rows) {
      const text = restText(row, now);
      if (text === undefined) continue;
      resting.add(name);
      if (!this.#resting.has(name)) this.say(`${name} ${text}`);
    }
    this.#resting = resting;
  }
}
