import type { Environment } from '../../config/client-environment.ts';
import { NoAnswer } from '../../probe/no-answer.ts';
import type { SshHost } from '../hosts/host.ts';
import { blameAnswer } from './door.ts';
import type { Compiler, Door } from './door.ts';
import type { Findings } from './findings.ts';
import { openSsh } from './ssh-way.ts';
import { compilePatience, tryCompile } from './try-compile.ts';
import type { Made, Order } from './try-compile.ts';

/** ssh's own exit code when it could not log in (ssh(1)), and those of a shell that finds no program. */
const sshFailed = 255;
const shellCodes: ReadonlySet<number | undefined> = new Set([126, 127]);

/** The lines in which ssh tells what is wrong, in one. */
const inOneLine = (text: string): string =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    // ssh's box of a changed key is of "@".
    .filter((line) => /\w/.test(line))
    .slice(-3)
    .join(' / ');

class SshDoor implements Door {
  readonly network = undefined;
  readonly #host: SshHost;
  readonly #environment: Environment;
  #last: { readonly code: number | undefined; readonly said: string } = { code: undefined, said: '' };

  constructor(host: SshHost, environment: Environment) {
    this.#host = host;
    this.#environment = environment;
  }

  async compile(order: Order): Promise<Made> {
    const way = openSsh(this.#host, this.#environment);
    try {
      return await tryCompile(way.line, order);
    } catch (error) {
      if (!(error instanceof NoAnswer) || error.kind === 'late') throw error;
      this.#last = await way.ended();
      throw error;
    } finally {
      way.close();
    }
  }

  admitted(findings: Findings): void {
    const { name, command } = this.#host;
    findings.well('ssh', `logs in to "${name}" and starts "${command}" there`);
  }

  knock(findings: Findings): Promise<boolean> {
    findings.note('ssh', 'not tried, since there is no compiler here to try it with');
    return Promise.resolve(false);
  }

  blame(error: NoAnswer, { language, name }: Compiler, findings: Findings): Promise<'host' | 'compiler'> {
    const { code, said } = this.#last;
    const { name: host, user, command } = this.#host;
    const words = inOneLine(said);
    const answer = words === '' ? 'ssh says nothing' : `ssh answers: ${words}`;
    const login = user === undefined ? host : `${user}@${host}`;
    if (error.kind === 'late' || (error.kind === 'garbled' && code !== sshFailed)) {
      blameAnswer(error, compilePatience / 1000, findings);
      return Promise.resolve('host');
    }
    if (shellCodes.has(code)) {
      findings.wrong(
        'ssh',
        `${answer}: install distccd there, or write its path after the host, "${login}:/path/distccd"`,
      );
      return Promise.resolve('host');
    }
    if (code === 0) {
      this.admitted(findings);
      const why = `"${command}" ended without an answer, as it does when it does not permit "${name}"`;
      findings.wrong(language, `${why}: run update-distcc-symlinks there, and look at its log`);
      return Promise.resolve('compiler');
    }
    findings.wrong('ssh', `${answer}: make "ssh ${login} true" work without a question, with a key of an agent`);
    return Promise.resolve('host');
  }
}

/** The way into a host that is reached by ssh. */
export const sshDoor = (host: SshHost, environment: Environment): Door => new SshDoor(host, environment);
