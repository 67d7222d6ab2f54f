import os from 'node:os';
import { namesThisMachine } from './host-name.ts';
import { DaemonMetrics, metricsType } from './daemon-metrics.ts';
import type { Method, OwnPath, Question } from './question.ts';
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

/** An answer of HTTP, after which the connection ends. `fields` are lines of its head. */
function writeAnswer(status: string, type: string, body: string, fields: readonly string[] = []): string {
  const head = [
    `HTTP/1.1 ${status}`,
    ...fields,
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

const refuse = (status: string, sentence: string, fields: readonly string[] = []): string =>
  writeAnswer(status, 'text/plain; charset=utf-8', `distccd: ${sentence}\n`, fields);

/** The answer to HEAD: that to GET without its body. */
const withoutBody = (answer: string): string => answer.slice(0, answer.indexOf('\r\n\r\n') + 4);

/** A question for a page of ours. */
type OwnQuestion = Extract<Question, { readonly method: Method }>;

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
    if (question.kind === 'distcc page' || question.kind === 'unfinished') return this.#distccPage();
    const answer = await this.#ownAnswer(question);
    return question.method === 'HEAD' ? withoutBody(answer) : answer;
  }

  async #ownAnswer(question: OwnQuestion): Promise<string> {
    switch (question.kind) {
      case 'too long':
        return refuse('431 Request Header Fields Too Large', `a question may have ${longestQuestion} bytes`);
      case 'unfinished head':
        return refuse('408 Request Timeout', 'the question did not come within a second');
      case 'own page':
        if (question.method !== 'POST') return this.#ownPage(question.path, question.host);
        return refuse('405 Method Not Allowed', 'this page can only be read', ['Allow: GET, HEAD']);
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
