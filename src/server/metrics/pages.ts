import os from 'node:os';
import { namesThisMachine } from './host-name.ts';
import { DaemonMetrics, metricsType } from './daemon-metrics.ts';
import type { OwnPath, Question } from './question.ts';
import { longestQuestion } from './question.ts';
import { shownCompilers } from './shown-compilers.ts';
import { pageMaker } from './stats-page.ts';
import type { CountedService } from './stats-source.ts';
import { readStatus } from './status.ts';
import type { Status } from './status.ts';
import { stylePolicy, writeStatusPage } from './status-page.ts';

/** A page is made at most once in this many ms, however many ask: it is made between the events of jobs. */
const freshMs = 1000;
/** The same for the list of compilers, which reads directories. */
const compilersMs = 10_000;

/** Makes something at most once in so many ms. */
function fresh<T>(milliseconds: number, make: () => T): () => T {
  let made: { readonly at: number; readonly value: T } | undefined;
  return () => {
    const now = performance.now();
    if (made === undefined || now - made.at >= milliseconds) made = { at: now, value: make() };
    return made.value;
  };
}

const types: Readonly<Record<OwnPath, string>> = {
  '/metrics': metricsType,
  '/status.json': 'application/json; charset=utf-8',
  '/status': 'text/html; charset=utf-8',
};

/** An answer of HTTP, after which the connection ends. */
function writeAnswer(status: string, type: string, body: string): string {
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    'Cache-Control: no-store',
    `Content-Security-Policy: default-src 'none'; style-src ${stylePolicy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'Cross-Origin-Resource-Policy: same-origin',
    'Referrer-Policy: no-referrer',
    'X-Content-Type-Options: nosniff',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const refuse = (status: string, sentence: string): string =>
  writeAnswer(status, 'text/plain; charset=utf-8', `distccd: ${sentence}\n`);

/** All pages of the statistics port. */
export class Pages {
  readonly #names: readonly string[];
  readonly #distccPage: () => string;
  readonly #own: Readonly<Record<OwnPath, () => string | Promise<string>>>;

  constructor(service: CountedService, host = os.hostname()) {
    this.#names = [host.toLowerCase()];
    const compilers = fresh(compilersMs, () => shownCompilers(service));
    const read = (): Status => readStatus(service, compilers());
    const status = fresh(freshMs, read);
    const metrics = new DaemonMetrics(read());
    service.board.tell((job) => metrics.count(job));
    this.#distccPage = fresh(freshMs, pageMaker(service));
    this.#own = {
      '/metrics': fresh(freshMs, () => metrics.write(read())),
      '/status.json': () => `${JSON.stringify(status())}\n`,
      '/status': fresh(freshMs, () => writeStatusPage(status())),
    };
  }

  /** The bytes that answer a question. */
  async answerTo(question: Question): Promise<string> {
    switch (question.kind) {
      case 'too long':
        return refuse('431 Request Header Fields Too Large', `a question may have ${longestQuestion} bytes`);
      case 'own page':
        return this.#ownPage(question.path, question.host);
      case 'unfinished':
        if (question.path === undefined) return this.#distccPage();
        return refuse('408 Request Timeout', 'the question did not come within a second');
      case 'distcc page':
        return this.#distccPage();
    }
  }

  async #ownPage(path: OwnPath, host: string | undefined): Promise<string> {
    // The metrics have no word of a client's, and Prometheus may have any name for this machine.
    if (path !== '/metrics' && !namesThisMachine(host, this.#names)) {
      return refuse(
        '421 Misdirected Request',
        `this page is not served under that name, which may be another's: use the address of this machine, or its name, ${this.#names.join(', ')}`,
      );
    }
    return writeAnswer('200 OK', types[path], await this.#own[path]());
  }
}
