import { spawn as spawnByNode } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Spawn } from './spawn.ts';

/**
 * A shell that is told of each process group, and kills those that are left when its input ends, which is when this
 * process has ended in whatever way.
 */
const script = `trap '' HUP INT TERM
left=' '
while read -r what group; do
  case $what in
  began) left="$left$group " ;;
  ended) case $left in *" $group "*) left="\${left%% "$group" *} \${left#* "$group" }" ;; esac ;;
  esac
done
for group in $left; do kill -s KILL -- "-$group"; done`;

/** Ends started programs with this process where nothing else does, also when this process is killed. */
export class ChildGuard {
  #shell: ChildProcess | undefined;
  readonly #groups = new Set<number>();

  /** A `Spawn` whose programs do not outlive this process. */
  watch(spawn: Spawn): Spawn {
    return (request) => {
      this.#start();
      const child = spawn(request);
      const { pid } = child;
      // Node gives none to a program that could not be started.
      if (pid === 0) return child;
      this.#groups.add(pid);
      this.#tell('began', pid);
      const over = (): void => {
        this.#groups.delete(pid);
        this.#tell('ended', pid);
      };
      child.ended.then(over, over);
      return child;
    };
  }

  /** Started with the first program, and again when somebody has ended it. */
  #start(): void {
    if (this.#shell !== undefined) return;
    const shell = spawnByNode('/bin/sh', ['-c', script], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      // A terminal's signals to the daemon's group must not end it first.
      detached: true,
    });
    const gone = (): void => {
      this.#shell = undefined;
    };
    shell.once('error', gone).once('exit', gone).unref();
    shell.stdin.on('error', () => {});
    this.#shell = shell;
    for (const group of this.#groups) this.#tell('began', group);
  }

  #tell(what: 'began' | 'ended', group: number): void {
    this.#shell?.stdin?.write(`${what} ${group}\n`);
  }
}
