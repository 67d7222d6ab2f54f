import { constants } from 'node:os';
import { readWaitStatus } from '../../wire/wait-status.ts';

/** The C library's words for the signals that end compilers (strsignal(3)). */
const signalTexts = new Map<number, string>([
  [constants.signals.SIGHUP, 'Hangup'],
  [constants.signals.SIGINT, 'Interrupt'],
  [constants.signals.SIGQUIT, 'Quit'],
  [constants.signals.SIGILL, 'Illegal instruction'],
  [constants.signals.SIGABRT, 'Aborted'],
  [constants.signals.SIGBUS, 'Bus error'],
  [constants.signals.SIGFPE, 'Floating point exception'],
  [constants.signals.SIGKILL, 'Killed'],
  [constants.signals.SIGSEGV, 'Segmentation fault'],
  [constants.signals.SIGPIPE, 'Broken pipe'],
  [constants.signals.SIGALRM, 'Alarm clock'],
  [constants.signals.SIGTERM, 'Terminated'],
  [constants.signals.SIGXCPU, 'CPU time limit exceeded'],
  [constants.signals.SIGXFSZ, 'File size limit exceeded'],
]);

/**
 * How a step ended, in distcc's words: `compile a.c on HOST failed with exit code 2` (doc/distcc-behaviour.md, "Results
 * and fallback").
 */
export function resultText(step: string, status: number): string {
  const end = readWaitStatus(status);
  if (end.kind === 'killed') {
    return `${step}: ${signalTexts.get(end.signal) ?? `Unknown signal ${end.signal}`}${end.core ? ' (core dumped)' : ''}`;
  }
  if (end.code === 0) return `${step} completed ok`;
  return end.code === 1 ? `${step} failed` : `${step} failed with exit code ${end.code}`;
}

/** The exit status for a wait status: as in a shell, 128 plus the signal for a program that was killed. */
export function exitStatusOf(status: number): number {
  const end = readWaitStatus(status);
  return end.kind === 'exited' ? end.code : 128 + end.signal;
}
