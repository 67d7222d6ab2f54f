import type { ReadStream } from 'node:tty';
import { agentFolder } from '../../agent-state/find-agents.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { StateListing } from '../../job-state/state-folder.ts';
import { Farm } from './farm-view.ts';
import { AgentPictures } from './agent-pictures.ts';
import { writeLine } from './line.ts';
import { Screen } from './screen.ts';
import type { Ending, Output } from './screen.ts';
import { tableLines } from './table.ts';
import { lookOf } from './terminal-look.ts';

/** The pause between two frames without another one being asked for, in ms: ages grow by tenths of a second. */
const usualPause = 500;

/** The shortest pause, in ms: nobody sees more. */
const shortestPause = 50;

/** The terminal that shows the table. */
export interface Terminal {
  /** Its keys, when standard input is a terminal. */
  readonly input: ReadStream | undefined;
  readonly output: Output;
}

/** What a table is made from. */
export interface TableSource {
  readonly environment: Environment;
  /** The pause between two frames, in ms; 0 for the usual one. */
  readonly delay: number;
  /** Finds the jobs that have state files. */
  look(this: void): StateListing;
}

/**
 * Shows a table of the farm in place until the user has enough; tells why it ended.
 * @throws what `look` throws
 */
export async function watchTable(source: TableSource, { input, output }: Terminal): Promise<Ending> {
  const { environment, look, delay } = source;
  const pause = delay === 0 ? usualPause : Math.max(delay, shortestPause);
  const characters = lookOf(environment);
  const farm = new Farm();
  // A folder that cannot be read is told before the screen is entered.
  look();
  let wake = (): void => {};
  const redraw = (): void => wake();
  const agents = new AgentPictures(agentFolder(environment, process.cwd()), redraw);
  const screen = new Screen(input, output, redraw);
  const draw = (): void => {
    agents.look();
    const { jobs, complaints } = look();
    const { columns, rows } = screen.room;
    // The last column stays empty: a terminal erases the rest of a line from where its cursor is.
    const width = Math.max(1, columns - 1);
    const view = farm.view(agents.all, jobs);
    const lines = tableLines(
      { view, complaints, keys: input !== undefined, now: Date.now() },
      { columns: width, rows },
    );
    screen.draw(lines.map((line) => writeLine(line, width, characters)));
  };
  try {
    for (;;) {
      if (screen.ending !== undefined) return screen.ending;
      draw();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    agents.close();
    await screen.close();
  }
}
