import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { exitStatus } from '../../../../src/basics/exit-status.ts';
import { Failure } from '../../../../src/basics/failure.ts';
import type { Fingerprint } from '../../../../src/compiler/content/fingerprint.ts';
import { Notices } from '../../../../src/client/agent/notices.ts';
import { QueuedSlots } from '../../../../src/client/slots/queued-slots.ts';
import { compile } from '../../../../src/client/compile/compile.ts';
import {
  CannotDistribute,
  GivenUp,
  InputsFailed,
  InputsOutdated,
  Interrupted,
  JobRefused,
  TransportError,
} from '../../../../src/client/job/faults.ts';
import { fixedHosts } from '../../../../src/client/hosts/changing-hosts.ts';
import { noHosts, parseHostList } from '../../../../src/client/hosts/host-list.ts';
import { lockName } from '../../../../src/client/hosts/host.ts';
import { textLog } from '../../../../src/client/user-files/text-log.ts';
import { polledSlots } from '../../../../src/client/slots/slots.ts';
import type { HostSlot } from '../../../../src/client/slots/slots.ts';
import type { FoundPrograms } from '../../../../src/client/job/understand.ts';
import { unwatched } from '../../../../src/client/compile/progress.ts';
import type { Progress } from '../../../../src/client/compile/progress.ts';
import type { PreprocessorEnd, Effects } from '../../../../src/client/compile/effects.ts';
import type { HostResponse } from '../../../../src/client/compile/host-answer.ts';
import type { FileLock } from '../../../../src/system/files/file-lock.ts';
import { Decoder } from '../../../../src/wire/reading/decoder.ts';
import { encodeRefusal } from '../../../../src/wire/refusal.ts';
import { encodeResponse, readResponse } from '../../../../src/wire/response.ts';
import type { CompileResponse } from '../../../../src/wire/response.ts';
import { exited, killed } from '../../../../src/wire/wait-status.ts';
import { objectWith } from '../../../support/object-file.ts';

/** What a host does in a test: a wait status, parts of an answer, a refusal's sentence, a fault, or nothing ever. */
type Behaviour = number | Partial<CompileResponse> | { readonly refuses: string } | 'unreachable' | 'silent';

interface Plan {
  readonly hosts: string;
  /** By host name. */
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  /** The preprocessor's wait status. */
  readonly cpp?: number;
  /** The wait status of a compile here. */
  readonly here?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Why the preprocessor's end says that the job is the compiler's. */
  readonly obstacle?: string;
  /** Why the object cannot be saved. */
  readonly saving?: Error;
  readonly programs?: FoundPrograms;
  readonly optionsFiles?: Readonly<Record<string, string>>;
  readonly interrupted?: AbortSignal;
  readonly words?: readonly string[];
  readonly resting?: readonly string[];
  readonly keepsTemporaries?: boolean;
  /** Whether hosts answer with results that they have kept. */
  readonly keptResult?: boolean;
  /** The preprocessed text. */
  readonly text?: string;
  /** Hosts that compile from inputs, with what comes of it there; absent for a host that does not. */
  readonly inputs?: Readonly<Record<string, 'made' | Error | number>>;
  /** Whether hosts keep results. */
  readonly keeps?: boolean;
  /** Whether an earlier job has told what this one reads, and whether that is still so. */
  readonly recalls?: 'as it is' | 'outdated';
  /** Whether each look finds other inputs. */
  readonly changing?: boolean;
  /** The messages of a failing compiler there. */
  readonly says?: string;
  /** Why the inputs are not known. */
  readonly unbounded?: string;
  /** What the compiler here is. */
  readonly own?: Fingerprint;
  /** What hosts have said of theirs. */
  readonly told?: Readonly<Record<string, Fingerprint>>;
  readonly progress?: Progress;
  /** What has been said before. */
  readonly notices?: Notices;
  /** The slots that several jobs share. */
  readonly queue?: QueuedSlots;
}

const sameInputs = [{ kind: 'directory', path: '/home' }] as const;

/** Everything that happened, in order. */
type Events = string[];

/** The bytes of an answer. */
function answerOf(behaviour: Exclude<Behaviour, string>): Buffer[] {
  if (typeof behaviour === 'object' && 'refuses' in behaviour) return encodeRefusal(1, behaviour.refuses);
  const given = typeof behaviour === 'number' ? { status: behaviour } : behaviour;
  const { status = 0 } = given;
  const object = status === 0 ? objectWith('object') : Buffer.alloc(0);
  return encodeResponse({
    version: 1,
    status,
    stderr: Buffer.from('there\n'),
    stdout: Buffer.alloc(0),
    object,
    ...given,
  });
}

/** What a host makes of a request. */
function respond(behaviour: Exclude<Behaviour, string>): HostResponse {
  const decoder = new Decoder(readResponse(1));
  try {
    for (const chunk of answerOf(behaviour)) decoder.feed(chunk);
  } catch (error) {
    throw new JobRefused(error instanceof Error ? error.message.replace(/^distccd: /, '') : '');
  }
  if (decoder.result === undefined) throw new Error('no answer');
  return decoder.result.value;
}

/** Effects that only write down what is asked of them. */
function effectsOf(plan: Plan, events: Events): Effects {
  const lock = (name: string): FileLock => {
    events.push(`take ${name}`);
    return { release: () => void events.push(`release ${name}`) };
  };
  const carry: Effects['carry'] = async ({ name }, { head, ready, body }) => {
    events.push(`carry to ${name} ${head.toString('latin1', 0, 4)}`);
    const behaviour = plan.behaviours?.[name] ?? 0;
    if (behaviour === 'unreachable') throw new TransportError(`${name} is gone`);
    await ready.catch(() => {
      throw new GivenUp();
    });
    const sent = typeof body === 'function' ? (await body()).toString() : (body ?? 'the text');
    events.push(`send ${name} ${sent}`);
    if (behaviour === 'silent') return new Promise(() => {});
    return respond(behaviour);
  };
  const said = new Set<string>();
  const log = textLog('distcc', 'warning', (line) => events.push(line.replace(/^distcc\[\d+\] /, '')));
  const interrupted = plan.interrupted ?? new AbortController().signal;
  return {
    log,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    hasCatalogue: () => false,
    findPrograms: () => Promise.resolve(plan.programs ?? (() => [])),
    readText: (path) => Promise.resolve(plan.optionsFiles?.[path]),
    defaultTarget: () => Promise.resolve('x86_64-pc-linux-gnu'),
    progress: plan.progress ?? unwatched,
    isNews: (sentence) => plan.notices?.isNews(sentence) ?? true,
    tellAllIsLocal: () => void events.push('no hosts'),
    state: { know: () => {}, show: (side, phase) => void events.push(`${side} ${phase}`), remove: () => {} },
    slots:
      plan.queue?.slotsFor({ interrupted, restSeconds: 60, pid: 1 }) ??
      polledSlots({
        locks: {
          take: ({ host, slot }) => lock(`${lockName(host)}#${slot}`),
          takeLocal: (count) => ({ ...lock(`local of ${count}`), slot: 0 }),
          rests: ({ name }) => plan.resting?.includes(name) ?? false,
          rest: ({ name }) => void events.push(`rest ${name}`),
          praise: ({ name }) => void events.push(`praise ${name}`),
        },
        log,
        interrupted,
        pause: () => new Promise(() => {}),
        pauseWished: undefined,
      }),
    interrupted,
    backOff: true,
    preprocessAhead: false,
    hosts: () =>
      fixedHosts({ ...noHosts, ...parseHostList({ name: '$DISTCC_HOSTS', text: plan.hosts, unit: 'words' }) }),
    preprocess(job, command) {
      events.push(command === undefined ? `take ${job.verdict.source}` : `preprocess ${command.argv.join(' ')}`);
      return {
        ended: Promise.resolve({ status: plan.cpp ?? 0, obstacle: plan.obstacle, size: 4 }),
        output: () => Promise.resolve(Buffer.from(plan.text ?? 'text')),
        stop: () => void events.push('stop cpp'),
      };
    },
    keepsTemporaries: plan.keepsTemporaries ?? false,
    inputs: {
      areTakenBy: ({ name }) => plan.inputs?.[name] !== undefined,
      mayBeAsked: () => false,
      askOnce: () => undefined,
      asking: () => undefined,
      meet: () => () => {},
      isMet: () => false,
      resultsAreKeptBy: () => plan.keeps ?? false,
      obstacle: () => Promise.resolve(plan.obstacle),
      recall: () =>
        plan.recalls === undefined
          ? undefined
          : {
              kind: 'inputs',
              inputs: sameInputs,
              rung: 'scan',
              change: 1,
              unbounded: undefined,
              premise: { paths: Buffer.from('/\0'), digest: Buffer.alloc(16) },
            },
      find({ name }) {
        events.push(`look for what ${name} reads`);
        return Promise.resolve(
          plan.unbounded === undefined
            ? {
                kind: 'inputs',
                inputs: plan.changing === true ? [] : sameInputs,
                rung: 'scan',
                change: 1,
                unbounded: undefined,
              }
            : { kind: 'preprocess', because: plan.unbounded },
        );
      },
      countSent: () => {},
      countReason: () => {},
      distrust: ({ name }) => void events.push(`distrust ${name}`),
      carry({ name }, _job, { argv, environment, found }) {
        if (found.premise !== undefined && plan.recalls === 'outdated') return Promise.reject(new InputsOutdated());
        events.push([`inputs to ${name}:`, ...environment, ...argv].join(' '));
        const comes = plan.inputs?.[name];
        if (comes instanceof Error) return Promise.reject(comes);
        const status = typeof comes === 'number' ? comes : 0;
        const read = (): Promise<Buffer> => Promise.reject(new Error('nobody reads it'));
        const dependencies = { at: 0, length: 7, head: Buffer.alloc(0), read };
        const stderr = plan.says === undefined ? {} : { stderr: Buffer.from(plan.says) };
        return Promise.resolve({
          ...respond(status),
          ...stderr,
          dependencies,
          sent: 100,
          kept: plan.keptResult === true,
        });
      },
      compileAside({ verdict }) {
        events.push(`compile ${verdict.source} aside`);
        const none = Buffer.alloc(0);
        return Promise.resolve({
          status: 0,
          stdout: none,
          stderr: Buffer.from('here\n'),
          object: none,
          dependencies: none,
        });
      },
    },
    compilers: {
      own: () => Promise.resolve(plan.own),
      told: ({ name }) => plan.told?.[name],
      isDue: () => true,
      isSame: () => {},
      isOther: (_, { name }, why) => void events.push(`${name} gets no such jobs: ${why}`),
      whyOther: () => undefined,
      isNew: (sentence) => !said.has(sentence) && said.add(sentence).size > 0,
    },
    contentOf: (output) => Promise.resolve(Buffer.isBuffer(output) ? output : Buffer.alloc(7)),
    saveDependencies(path, { length }) {
      events.push(`save ${path} of ${length} bytes`);
      return Promise.resolve();
    },
    carry,
    runHere({ argv }, andReturn) {
      events.push(`${andReturn ? 'run' : 'become'} ${argv.join(' ')}`);
      return Promise.resolve(plan.here ?? 0);
    },
    pack: (text) => Promise.resolve(Buffer.concat([Buffer.from('packed '), text])),
    saveOutput: (job, bytes) => {
      events.push(
        `save ${job.verdict.output} ${Buffer.isBuffer(bytes) && bytes.equals(objectWith('object')) ? 'object' : 'something else'}`,
      );
      return plan.saving === undefined ? Promise.resolve() : Promise.reject(plan.saving);
    },
    end: (status) => void events.push(`end ${status}`),
    showPreprocessor: () => void events.push('show cpp'),
    keepMessages: () => {},
    tell: (to, bytes) => void (bytes.length > 0 && events.push(`${to}: ${bytes.toString().trim()}`)),
    seconds: () => 0,
  };
}

/** A promise that the test settles. */
function pending<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}

const refuse = (error: Error) => (): never => {
  throw error;
};

/** The call of a compile. */
const callOf = (source: string) => ({
  argv0: 'distcc',
  words: ['gcc', '-c', source],
  environment: {},
  directory: '/home/me',
});

/** Plays a plan; gives the exit status, or the error, and what happened. */
async function play(plan: Plan): Promise<{ end: unknown; events: Events }> {
  const events: Events = [];
  const call = {
    argv0: 'distcc',
    words: plan.words ?? ['gcc', '-O2', '-c', 'src/a.c', '-o', 'a.o'],
    environment: plan.environment ?? {},
    directory: '/home/me',
  };
  const end: unknown = await compile(call, effectsOf(plan, events)).catch((error: unknown) => error);
  return { end, events };
}

describe('compile()', () => {
  it('preprocesses here, compiles there, and gives everything back', async () => {
    const { end, events } = await play({ hosts: 'far' });
    expect(end).toBe(0);
    expect(events).toEqual([
      'take tcp_far_3632#0',
      'take local of 8',
      'local Preprocess',
      'preprocess gcc -O2 -E src/a.c',
      // The preprocessor of this test needs no time.
      'release local of 8',
      'remote Connect',
      'carry to far DIST',
      'send far the text',
      'remote Compile',
      'release tcp_far_3632#0',
      'stop cpp',
      'save a.o object',
      'show cpp',
      'stderr: there',
      'praise far',
      'end 0',
    ]);
  });

  it('sends the command while the preprocessor works, and the text when it is there', async () => {
    let end: (end: PreprocessorEnd) => void = () => {};
    const ended = new Promise<PreprocessorEnd>((resolve) => {
      end = resolve;
    });
    const events: Events = [];
    const effects = effectsOf({ hosts: 'far' }, events);
    const preprocess: Effects['preprocess'] = () => ({
      ended,
      output: () => Promise.resolve(Buffer.from('text')),
      stop: () => {},
    });
    const call = callOf('a.c');
    const compiling = compile(call, { ...effects, preprocess });
    await turn();
    expect(events.filter((event) => /^(?:carry|send)/.test(event))).toEqual(['carry to far DIST']);
    end({ status: 0, obstacle: undefined, size: 4 });
    expect(await compiling).toBe(0);
    expect(events.filter((event) => event.startsWith('send'))).toEqual(['send far the text']);
  });

  it('sends no text and blames no host when the source is faulty', async () => {
    const events: Events = [];
    const effects = effectsOf({ hosts: 'far', here: exited(1) }, events);
    const ended = turn().then(() => ({ status: exited(1), obstacle: undefined, size: 0 }));
    const preprocess: Effects['preprocess'] = () => ({
      ended,
      output: () => Promise.resolve(Buffer.from('')),
      stop: () => {},
    });
    const call = callOf('a.c');
    expect(await compile(call, { ...effects, preprocess })).toBe(1);
    expect(events.filter((event) => /^(?:send|close|rest)/.test(event))).toEqual([]);
  });

  it('preprocesses once however many hosts it takes', async () => {
    const { end, events } = await play({ hosts: 'one two', behaviours: { one: 'unreachable' } });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:preprocess|carry|rest|praise|release tcp|ERROR)/.test(event))).toEqual([
      'preprocess gcc -O2 -E src/a.c',
      'carry to one DIST',
      'rest one',
      'ERROR: one is gone',
      'release tcp_one_3632#0',
      'carry to two DIST',
      'release tcp_two_3632#0',
      'praise two',
    ]);
  });

  it('passes over a host that rests, and one that is down', async () => {
    const { events } = await play({ hosts: 'one,down two three', resting: ['two'] });
    expect(events).toContain('carry to three DIST');
    expect(events.filter((event) => event.startsWith('carry'))).toHaveLength(1);
  });

  it.each<readonly [string, Partial<Plan>, string]>([
    ['packed, where the host wants that', { hosts: 'far,lzo' }, 'send far packed text'],
    ['as it is kept, where the user keeps temporary files', { keepsTemporaries: true }, 'send far text'],
    [
      'with the names of this machine, where a preprocessed source lacks them',
      { words: ['gcc', '-c', 'a.i'] },
      'send far # 0 "a.i"\n# 1 "/home/me//"\n# 1 "a.i"\ntext',
    ],
    ['as nothing, where there is none', { hosts: 'far,lzo', text: '' }, 'send far '],
  ])('sends the text %s', async (_how, plan, sent) => {
    const { end, events } = await play({ hosts: 'far', ...plan });
    expect(end).toBe(0);
    expect(events.filter((event) => event.startsWith('send'))).toEqual([sent]);
  });

  it('tries the next host when the launcher cannot reach one, while the preprocessor works', async () => {
    const events: Events = [];
    const effects = effectsOf({ hosts: 'one two' }, events);
    const preprocess: Effects['preprocess'] = () => ({
      ended: new Promise(() => {}),
      output: () => Promise.resolve(Buffer.from('text')),
      stop: () => {},
    });
    const carry: Effects['carry'] = (host) => {
      events.push(`carry to ${host.name}`);
      return Promise.reject(new TransportError(`${host.name} is gone`));
    };
    const call = callOf('a.c');
    expect(await compile(call, { ...effects, preprocess, carry })).toBe(0);
    expect(events.filter((event) => /^(?:carry|become)/.test(event))).toEqual([
      'carry to one',
      'carry to two',
      'become gcc -c a.c',
    ]);
  });

  it('blames the source when the launcher gives the connection up because the preprocessor has failed', async () => {
    const events: Events = [];
    const effects = effectsOf({ hosts: 'one two' }, events);
    const preprocess: Effects['preprocess'] = () => ({
      ended: turn().then(() => ({ status: killed(9), obstacle: undefined, size: 0 })),
      output: () => Promise.resolve(Buffer.from('')),
      stop: () => {},
    });
    const carry: Effects['carry'] = () => Promise.reject(new GivenUp());
    const call = callOf('a.c');
    expect(await compile(call, { ...effects, preprocess, carry })).toBe(0);
    expect(events.filter((event) => /^(?:rest|become|ERROR|Warning)/.test(event))).toEqual(['become gcc -c a.c']);
  });

  it('leaves a source to the compiler here when the preprocessor fails, and shows what that says alone', async () => {
    const { end, events } = await play({ hosts: 'far', cpp: exited(3), here: exited(1) });
    expect(end).toBe(1);
    expect(events.filter((event) => /^(?:rest|run|become|save|show|ERROR|Warning)/.test(event))).toEqual([
      'become gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('compiles here what cannot be saved, but where the disk is full it says so', async () => {
    const full = new Error('cannot write "a.o"', { cause: Object.assign(new Error('full'), { errno: 28 }) });
    const said = await play({ hosts: 'far', saving: full });
    expect(said.end).toBe(107);
    expect(said.events).not.toContain('become gcc -O2 -c src/a.c -o a.o');
    const other = await play({ hosts: 'far', saving: new Error('cannot write "a.o": Permission denied') });
    expect(other.end).toBe(0);
    expect(other.events).toContain('become gcc -O2 -c src/a.c -o a.o');
  });

  it('distributes a command with its options from a file, and runs it here as it was given', async () => {
    const words = ['gcc', '@o.rsp', '-c', 'a.c', '-o', 'a.o'];
    const optionsFiles = { 'o.rsp': '-O2 "-DA=b c"' };
    const { events } = await play({ hosts: 'far', words, optionsFiles });
    expect(events).toContain('preprocess gcc -O2 -DA=b c -E a.c');
    const here = await play({ hosts: 'far', words, optionsFiles, cpp: exited(1) });
    expect(here.events).toContain(`become ${words.join(' ')}`);
  });

  it('takes a source that is preprocessed already', async () => {
    const { end, events } = await play({ hosts: 'far', words: ['gcc', '-c', 'a.i', '-o', 'a.o'] });
    expect([end, events.includes('take a.i')]).toEqual([0, true]);
  });

  it('does not wait for a dead host when the source is faulty', async () => {
    const events: Events = [];
    const effects = {
      ...effectsOf({ hosts: 'far', cpp: exited(1), here: exited(1) }, events),
      carry: () => new Promise<never>(() => {}),
    };
    const call = callOf('a.c');
    expect(await compile(call, effects)).toBe(1);
  });

  it('compiles here when the preprocessor was killed, and blames no host', async () => {
    const { end, events } = await play({ hosts: 'far', cpp: killed(9) });
    expect(end).toBe(0);
    expect(events).toContain('become gcc -O2 -c src/a.c -o a.o');
    expect(events.filter((event) => event.startsWith('rest'))).toEqual([]);
  });

  it('compares a failure there with the compile here', async () => {
    const same = await play({ hosts: 'far', behaviours: { far: exited(1) }, here: exited(1) });
    expect(same.end).toBe(1);
    expect(same.events.slice(same.events.findIndex((event) => event.startsWith('ERROR')))).toEqual([
      'ERROR: compile src/a.c on far failed',
      "Warning: remote compilation of 'src/a.c' failed, retrying locally",
      'Warning: failed to distribute src/a.c to far, running locally instead',
      'take local of 4',
      'local Compile',
      'run gcc -O2 -c src/a.c -o a.o',
      'ERROR: compile src/a.c on localhost failed',
      'release local of 4',
    ]);
    expect(same.events).not.toContain('rest far');
    const other = await play({ hosts: 'far', behaviours: { far: exited(1) }, here: 0 });
    expect(other.end).toBe(0);
    expect(other.events).not.toContain('rest far');
  });

  it('releases the slot of a compile here', async () => {
    const { events } = await play({ hosts: '--localslots=3', words: ['gcc', 'a.o', '-o', 'a'] });
    expect(events).toEqual(['take local of 3', 'local Compile', 'become gcc a.o -o a', 'release local of 3']);
  });

  it('takes a slot for preprocessors for a command that only preprocesses', async () => {
    const { events } = await play({ hosts: '--localslots_cpp=5', words: ['gcc', '-E', 'a.c'] });
    expect(events[0]).toBe('take local of 5');
  });

  it('takes no slot and asks no host below another distcc', async () => {
    const { end, events } = await play({ hosts: 'far', environment: { _DISTCC_SAFEGUARD: '1' } });
    expect(end).toMatchObject({ status: 111 });
    expect(events).toEqual([]);
  });

  it('runs here what could not be written, so that the compiler reports why', async () => {
    const { events } = await play({ hosts: 'far', obstacle: 'there is no directory "none"' });
    expect(events).toContain('become gcc -O2 -c src/a.c -o a.o');
    expect(events.filter((event) => /^(?:save|show|rest|Warning)|DOTI/.test(event))).toEqual([]);
  });

  it('keeps the slot of this machine when the list says that it is next', async () => {
    const { events } = await play({ hosts: 'localhost' });
    expect(events).toEqual([
      'take localhost#0',
      'local Compile',
      'become gcc -O2 -c src/a.c -o a.o',
      'release localhost#0',
    ]);
  });

  it('tells monitors the slot of this machine', async () => {
    const events: Events = [];
    const effects = effectsOf({ hosts: 'localhost' }, events);
    const known: unknown[] = [];
    const state: Effects['state'] = { ...effects.state, know: (...facts) => void known.push(facts) };
    expect(await compile(callOf('a.c'), { ...effects, state })).toBe(0);
    expect(known).toContainEqual(['local', { slot: 0 }]);
  });

  it('reports a fault of its own and compiles here', async () => {
    const events: Events = [];
    const broken = {
      ...effectsOf({ hosts: 'far' }, events),
      carry: () => Promise.reject(new TypeError('a fault of ours')),
    };
    const call = callOf('a.c');
    expect(await compile(call, broken)).toBe(0);
    expect(events.find((event) => event.startsWith('CRITICAL! this is a fault of distcc'))).toContain(
      'a fault of ours',
    );
    expect(events).toContain('become gcc -c a.c');
    expect(events).toContain('release tcp_far_3632#0');
  });

  it('starts nothing more when it is interrupted, and gives everything back', async () => {
    const user = new AbortController();
    const playing = play({ hosts: 'far', behaviours: { far: 'silent' }, interrupted: user.signal });
    await new Promise((next) => setTimeout(next, 20));
    user.abort();
    const { end, events } = await playing;
    expect(end).toBeInstanceOf(Interrupted);
    expect(events.slice(-2)).toEqual(['release tcp_far_3632#0', 'stop cpp']);
    expect(events.filter((event) => /^(?:run|become|rest|ERROR)/.test(event))).toEqual([]);
  });
});

describe('compile() while every host is busy', () => {
  const call = callOf('a.c');

  /** Effects in which a slot comes when the test gives one, and the preprocessor ends when the test says so. */
  function busyEffects(plan: Plan, events: Events) {
    const effects = { ...effectsOf(plan, events), preprocessAhead: true };
    const giving = pending<HostSlot | undefined>();
    const ending = pending<PreprocessorEnd>();
    const takeHost: Effects['slots']['takeHost'] = ({ list }) => {
      events.push(`wait for ${list.hosts.map(({ definition }) => definition).join(' ')}`);
      return giving.promise;
    };
    const preprocess: Effects['preprocess'] = (job, command) => ({
      ...effects.preprocess(job, command),
      ended: ending.promise,
    });
    const [host] = effects.hosts().list.hosts;
    if (host === undefined) throw new Error('no host');
    const slot: HostSlot = { host, slot: 0, release: () => void events.push('release the late slot') };
    return { effects: { ...effects, preprocess, slots: { ...effects.slots, takeHost } }, giving, ending, slot };
  }

  it('preprocesses, and sends the text once a slot is free', async () => {
    const events: Events = [];
    const { effects, giving, ending, slot } = busyEffects({ hosts: 'far' }, events);
    const compiling = compile(call, effects);
    await turn();
    expect(events).toContain('preprocess gcc -E a.c');
    expect(events.filter((event) => event.startsWith('carry'))).toEqual([]);
    ending.resolve({ status: 0, obstacle: undefined, size: 4 });
    await turn();
    giving.resolve(slot);
    expect(await compiling).toBe(0);
    expect(events.filter((event) => /^(?:preprocess|carry|release the)/.test(event))).toEqual([
      'preprocess gcc -E a.c',
      'carry to far DIST',
      'release the late slot',
    ]);
  });

  it('gives back a slot that comes after the job has gone to the compiler here', async () => {
    const events: Events = [];
    const { effects, giving, ending, slot } = busyEffects({ hosts: 'far', here: exited(1) }, events);
    const compiling = compile(call, effects);
    ending.resolve({ status: exited(1), obstacle: undefined, size: 0 });
    expect(await compiling).toBe(1);
    expect(events).toContain('become gcc -c a.c');
    expect(events).not.toContain('release the late slot');
    giving.resolve(slot);
    await turn();
    expect(events.filter((event) => event === 'release the late slot')).toHaveLength(1);
  });

  it.each<readonly [string, (giving: { resolve: (slot: undefined) => void; reject: (error: Error) => void }) => void]>([
    ['no slot', ({ resolve }) => resolve(undefined)],
    ['an error', ({ reject }) => reject(new Interrupted())],
  ])('ignores %s that comes too late', async (_, give) => {
    const events: Events = [];
    const { effects, giving, ending } = busyEffects({ hosts: 'far', here: exited(1) }, events);
    const compiling = compile(call, effects);
    ending.resolve({ status: exited(1), obstacle: undefined, size: 0 });
    expect(await compiling).toBe(1);
    // An error that nobody handles would fail the whole run of tests.
    give(giving);
    await turn();
  });

  it('looks for the inputs, and does not preprocess, when one of the hosts compiles from them', async () => {
    const events: Events = [];
    const plan: Plan = { hosts: 'near far', inputs: { far: 'made' } };
    const { effects, giving, slot } = busyEffects(plan, events);
    const compiling = compile(call, effects);
    await turn();
    expect(events).toContain('look for what a.c reads');
    const [, host = slot.host] = effects.hosts().list.hosts;
    giving.resolve({ ...slot, host });
    expect(await compiling).toBe(0);
    expect(events.filter((event) => /^(?:look|preprocess|inputs|release the)/.test(event))).toEqual([
      'look for what a.c reads',
      'inputs to far: gcc -c a.c',
      'release the late slot',
    ]);
  });

  it.each<readonly [string, Partial<Plan>]>([
    ['its inputs are not known', { inputs: { far: 'made' }, unbounded: 'a name is computed' }],
    ['no host compiles from inputs', {}],
  ])('preprocesses when %s', async (_, more) => {
    const events: Events = [];
    const { effects, giving } = busyEffects({ hosts: 'far', ...more }, events);
    const compiling = compile(call, effects);
    await turn();
    expect(events.filter((event) => /^(?:look|preprocess)/.test(event))).toEqual([
      ...('unbounded' in more ? ['look for what a.c reads'] : []),
      'preprocess gcc -E a.c',
    ]);
    giving.resolve(undefined);
    expect(await compiling).toBe(0);
  });

  it('preprocesses nothing while this machine itself is on the list', async () => {
    const events: Events = [];
    const { effects, giving } = busyEffects({ hosts: 'far localhost' }, events);
    const compiling = compile(call, effects);
    await turn();
    expect(events.filter((event) => event.startsWith('preprocess'))).toEqual([]);
    giving.resolve(undefined);
    expect(await compiling).toBe(0);
  });
});

describe('compile() without a host', () => {
  it('asks three hosts at most when none of them would rest', async () => {
    const events: Events = [];
    const behaviours = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'unreachable' as const]));
    const effects = { ...effectsOf({ hosts: 'a b c d', behaviours }, events), backOff: false };
    const call = callOf('a.c');
    expect(await compile(call, effects)).toBe(0);
    expect(events.filter((event) => event.startsWith('carry'))).toHaveLength(3);
    expect(events).toContain("Warning: Couldn't find a host in 3 attempts, retrying locally");
    expect(events).toContain('become gcc -c a.c');
  });

  it('compiles here, and says why, when there is no list or no way to keep slots', async () => {
    const call = callOf('a.c');
    for (const [change, sentence] of [
      [{ hosts: refuse(new Failure(exitStatus.noHosts, 'no list')) }, 'no list'],
      [{ slots: { takeHost: () => Promise.reject(new CannotDistribute('no locks')) } }, 'no locks'],
    ] as const) {
      const events: Events = [];
      const effects = effectsOf({ hosts: 'far' }, events);
      const slots = { ...effects.slots, ...('slots' in change ? change.slots : {}) };
      const hosts = 'hosts' in change ? { hosts: change.hosts } : {};
      expect(await compile(call, { ...effects, ...hosts, slots })).toBe(0);
      expect(events).toContain(`ERROR: ${sentence}`);
      expect(events).toContain('become gcc -c a.c');
      expect(events.filter((event) => event.startsWith('CRITICAL'))).toEqual([]);
    }
  });

  it('preprocesses nothing ahead when it is known at once that there is no host', async () => {
    const events: Events = [];
    const effects = { ...effectsOf({ hosts: 'far' }, events), preprocessAhead: true };
    const slots = { ...effects.slots, takeHost: () => Promise.resolve(undefined) };
    const call = callOf('a.c');
    expect(await compile(call, { ...effects, slots })).toBe(0);
    expect(events.filter((event) => /^(?:preprocess|become|CRITICAL)/.test(event))).toEqual(['become gcc -c a.c']);
  });

  it('does not take a fault of its own for a faulty list', async () => {
    const events: Events = [];
    const effects = effectsOf({ hosts: 'far' }, events);
    const hosts = vi.fn(() => effects.hosts()).mockImplementationOnce(refuse(new TypeError('a fault of ours')));
    const call = callOf('a.c');
    expect(await compile(call, { ...effects, hosts })).toBe(0);
    expect(events.find((event) => event.startsWith('CRITICAL'))).toContain('a fault of ours');
    expect(events).toContain('become gcc -c a.c');
  });
});

const compiler = (events: Events): Events =>
  events.filter((event) => /^(?:carry|run|become|Warning|ERROR)/.test(event));

describe('compile() with a host list that cannot be used', () => {
  const linesOf = (events: Events): Events => events.filter((event) => /word 1, "a:x"/.test(event));

  it('says so once, and for every job that may not run here', async () => {
    const notices = new Notices(() => 0);
    const plan = { hosts: 'a:x', notices };
    expect(linesOf((await play(plan)).events)).toHaveLength(1);
    expect(linesOf((await play(plan)).events)).toEqual([]);
    const { events } = await play({ ...plan, environment: { DISTCC_FALLBACK: '0' } });
    expect(linesOf(events)).toEqual([expect.stringMatching(/^ERROR/)]);
  });
});

describe('compile() with a host whose answer no compiler has made', () => {
  it.each<readonly [string, Partial<CompileResponse>]>([
    ['no object', { object: Buffer.alloc(0) }],
    ['half an object', { object: objectWith('').subarray(0, 80) }],
    ['no assembler text', { object: Buffer.alloc(0) }],
  ])('takes the next host after %s, and lets the first one rest', async (what, answer) => {
    const step = what.includes('text') ? '-S' : '-c';
    const words = ['gcc', step, 'a.c'];
    const { end, events } = await play({ hosts: 'one two', behaviours: { one: answer }, words });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:carry|rest|praise|save)/.test(event))).toEqual([
      'carry to one DIST',
      'rest one',
      'carry to two DIST',
      `save a.${step === '-S' ? 's' : 'o'} object`,
      'praise two',
    ]);
  });

  it('compiles here when no other host is left', async () => {
    const { end, events } = await play({ hosts: 'one', behaviours: { one: { object: Buffer.alloc(0) } } });
    expect(end).toBe(0);
    expect(events).toContain("ERROR: one: the answer is not a compiler's: its object is empty");
    expect(events).toContain('become gcc -O2 -c src/a.c -o a.o');
  });

  it('lets a host whose compiler is for another machine lose the jobs of this compiler alone', async () => {
    const queue = new QueuedSlots(() => 0);
    const foreign = Buffer.from(objectWith(''));
    foreign.writeUInt16LE(22, 18);
    const behaviours = { one: { object: foreign } };
    const first = await play({ hosts: 'one', behaviours, queue });
    expect(first.end).toBe(0);
    expect(first.events.find((event) => event.startsWith('Warning: one has another gcc'))).toMatch('S/390');
    const second = await play({ hosts: 'one', behaviours, queue });
    expect(second.events.filter((event) => event.startsWith('carry'))).toEqual([]);
    const other = await play({ hosts: 'one', queue, words: ['g++', '-c', 'a.cc'] });
    expect(compiler(other.events)).toEqual(['carry to one DIST']);
  });

  it('believes the "gcc" of a kit, whose objects may be for any machine', async () => {
    const foreign = Buffer.from(objectWith(''));
    foreign.writeUInt16LE(22, 18);
    const events: Events = [];
    const effects = effectsOf({ hosts: 'one', behaviours: { one: { object: foreign } } }, events);
    const kit = { entry: 0, ours: false, device: 1, inode: 2, real: '/opt/kit/bin/gcc' };
    const findPrograms: Effects['findPrograms'] = () => Promise.resolve((name) => (name === 'gcc' ? [kit] : []));
    const environment = { PATH: '/opt/kit/bin' };
    const call = { argv0: 'distcc', words: ['gcc', '-c', 'a.c'], environment, directory: '/home/me' };
    expect(await compile(call, { ...effects, findPrograms })).toBe(0);
    expect(events).toContain('save a.o something else');
  });

  it('believes what the status says, whatever the messages say', async () => {
    const stderr = Buffer.from('a.c:1: internal compiler error: in f, at g.c:1\n');
    const { end, events } = await play({ hosts: 'one', behaviours: { one: { stderr } } });
    expect([end, compiler(events)]).toEqual([0, ['carry to one DIST']]);
  });
});

describe('compile() with a host that has another compiler', () => {
  const own = { version: 'GCC: (Ours) 12', target: 'x86_64-linux-gnu', makes: 'a'.repeat(64) };
  const theirs = { ...own, version: 'GCC: (Theirs) 11' };
  const sentence = 'one has another gcc: "GCC: (Theirs) 11" there, "GCC: (Ours) 12" here';

  it('throws its object away and asks the next host', async () => {
    const { end, events } = await play({ hosts: 'one two', own, told: { one: theirs, two: own } });
    expect(end).toBe(0);
    expect(events.filter((event) => event.startsWith('carry'))).toEqual(['carry to one DIST', 'carry to two DIST']);
    expect(events).toContain(
      `Warning: ${sentence}: it gets no such jobs; install the same version there, or set DISTCC_MISMATCH=allow`,
    );
    expect(events).toContain(`one gets no such jobs: it ${sentence.slice('one '.length)}`);
    expect(events).not.toContain('praise one');
  });

  it('keeps what a host makes that has said nothing, and of which the object tells nothing', async () => {
    const { events } = await play({ hosts: 'one', own });
    expect([compiler(events), events.includes('save a.o object')]).toEqual([['carry to one DIST'], true]);
  });

  it('compares nothing when the compiler here is of an unknown kind', async () => {
    const { events } = await play({ hosts: 'one', told: { one: theirs } });
    expect([compiler(events), events.includes('save a.o object')]).toEqual([['carry to one DIST'], true]);
  });

  it("takes no object for another machine than that of the compiler here, whatever the compiler's name is", async () => {
    const foreign = Buffer.from(objectWith(''));
    foreign.writeUInt16LE(22, 18);
    const plan = { hosts: 'one', behaviours: { one: { object: foreign } }, words: ['/opt/kit/odd', '-c', 'a.c'] };
    expect((await play({ ...plan, own })).events.join('\n')).toContain('its object is for S/390, not for x86-64');
    expect((await play(plan)).events).toContain('save a.o something else');
  });
});

describe('compile() with a host that lacks the compiler', () => {
  it.each<readonly [string, Behaviour]>([
    ['says so by status 110', exited(110)],
    ['says so as a shell does', exited(127)],
    ['refuses it', { refuses: 'the compiler "gcc" is not permitted here' }],
  ])('tries the next one when it %s, and asks it for its other compilers', async (_how, behaviour) => {
    const queue = new QueuedSlots(() => 0);
    const behaviours = { one: behaviour };
    const first = await play({ hosts: 'one two', behaviours, queue });
    const [begin, told, next] = compiler(first.events);
    expect([first.end, begin, next]).toEqual([0, 'carry to one DIST', 'carry to two DIST']);
    expect(told).toMatch(
      /^Warning: one (?:has no gcc, or cannot run it: until|refused the job: the compiler "gcc" is not)/,
    );
    const second = await play({ hosts: 'one two', behaviours, queue });
    expect(compiler(second.events)).toEqual(['carry to two DIST']);
    const other = await play({ hosts: 'one two', queue, words: ['g++', '-c', 'a.cc'] });
    expect(compiler(other.events)).toEqual(['carry to one DIST']);
    expect(queue.report().resting.size).toBe(0);
  });

  it('tells once that it is passed over, and why', async () => {
    const queue = new QueuedSlots(() => 0);
    const behaviours = { one: exited(110), two: 'unreachable' } as const;
    const plan = { hosts: 'one two three localhost', behaviours, queue };
    await play({ ...plan, hosts: 'one' });
    const events: Events = [];
    const log = textLog('distcc', 'info', (line) => events.push(line.replace(/^distcc\[\d+\] /, '')));
    expect(await compile(callOf('a.c'), { ...effectsOf(plan, events), log })).toBe(0);
    expect(events.filter((event) => event.includes('passed over'))).toEqual([
      'one is passed over for gcc: it has no gcc, or cannot run it',
    ]);
    expect(events).toContain('carry to three DIST');
  });

  it('asks it again after a while', async () => {
    let now = 0;
    const queue = new QueuedSlots(() => now);
    const plan = { hosts: 'one', behaviours: { one: exited(110) }, queue };
    await play(plan);
    now = 59_000;
    expect(compiler((await play(plan)).events)).not.toContain('carry to one DIST');
    now = 61_000;
    expect(compiler((await play(plan)).events)).toContain('carry to one DIST');
  });

  it('asks it for a job that it refuses by itself', async () => {
    const queue = new QueuedSlots(() => 0);
    const plan = { hosts: 'one', behaviours: { one: { refuses: 'the option "-fplugin" is refused' } }, queue };
    await play(plan);
    expect(compiler((await play(plan)).events)).toContain('carry to one DIST');
  });
});

/** A recorder of what a job reports. */
function reporter(): { readonly progress: Progress; readonly said: string[] } {
  const said: string[] = [];
  const progress: Progress = {
    ...unwatched,
    concerns: (file) => void said.push(`concerns ${file}`),
    begin: (phase, where) => void said.push(where === undefined ? phase : `${phase} ${where}`),
    goesTo: ({ definition }, slot) => void said.push(`goes to ${definition} ${slot}`),
    failed: ({ definition }, why) => void said.push(`${definition} failed: ${why}`),
    staysHere: ({ because, cure }) => void said.push(`here: ${because}; ${cure}`),
  };
  return { progress, said };
}

describe('compile() reports to those who watch', () => {
  it('each phase at a host, after one that failed', async () => {
    const { progress, said } = reporter();
    await play({ hosts: 'one two', behaviours: { one: 'unreachable' }, progress });
    expect(said).toEqual([
      'concerns src/a.c',
      'queue',
      'goes to one 0',
      'queue here',
      'preprocess',
      'connect',
      'one failed: one is gone',
      'queue',
      'goes to two 0',
      'connect',
    ]);
  });

  it('the phases of a job that is sent as it is', async () => {
    const { progress, said } = reporter();
    await play({ hosts: 'one', inputs: { one: 'made' }, progress });
    expect(said.slice(1)).toEqual(['queue', 'goes to one 0', 'scan', 'connect']);
  });

  it.each<[string, Plan, RegExp]>([
    ['no hosts', { hosts: '' }, /^here: no hosts are listed; list hosts in DISTCC_HOSTS/],
    [
      'a host that is down',
      { hosts: 'one,down' },
      /^here: no host can be used: one,down: is marked ",down"; remove ",down"/,
    ],
    [
      'hosts that failed',
      { hosts: 'one two', behaviours: { one: 'unreachable', two: 'unreachable' } },
      /^here: no host can be used: one: one is gone \(and 1 more\); "distcc --doctor"/,
    ],
    ['a link', { hosts: 'one', words: ['gcc', 'a.o'] }, /^here: without "-c" or "-S".*; compile with "-c" first/],
    [
      'the list',
      { hosts: 'localhost' },
      /^here: this machine is in the host list, and was next; move or remove "localhost"/,
    ],
    [
      'an error of the source',
      { hosts: 'one', behaviours: { one: exited(1) }, here: exited(1) },
      /^here: its compile on one failed; see what the compiler says/,
    ],
    ['a faulty list', { hosts: 'a:x' }, /^here: the host list cannot be used; mend it: .*word 1, "a:x"/],
  ])('why a job runs here, as with %s', async (_, plan, sentence) => {
    const { progress, said } = reporter();
    await play({ here: exited(0), ...plan, progress });
    expect(said.filter((line) => line.startsWith('here: '))).toEqual([expect.stringMatching(sentence)]);
    expect(said.at(-1)).toBe('local');
  });

  it('why a host is passed over, or rests', async () => {
    const sentences: readonly [Behaviour, RegExp][] = [
      [
        { refuses: 'the compiler "gcc" is not permitted here' },
        /one: the compiler "gcc" is not permitted here; install/,
      ],
      ['unreachable', /one: one is gone; /],
    ];
    for (const [behaviour, sentence] of sentences) {
      const queue = new QueuedSlots(() => 0);
      for (const round of [1, 2]) {
        const { progress, said } = reporter();
        const { events } = await play({ hosts: 'one', behaviours: { one: behaviour }, queue, progress });
        expect([round, events.includes('carry to one DIST')]).toEqual([round, round === 1]);
        expect(said.find((line) => line.startsWith('here: '))).toMatch(sentence);
      }
    }
  });

  it('what a compiler said that failed there and not here', async () => {
    const { progress, said } = reporter();
    const said1 = Buffer.from('a.c:1:2: error: no such thing\n');
    await play({ hosts: 'one', behaviours: { one: { status: exited(1), stderr: said1 } }, here: 0, progress });
    expect(said).toContain('one failed: its gcc failed where the one here did not, and said: error: no such thing');
    const same = reporter();
    const behaviours = { one: { status: exited(1), stderr: said1 } };
    await play({ hosts: 'one', behaviours, here: exited(1), progress: same.progress });
    expect(same.said.filter((line) => line.startsWith('one failed'))).toEqual([]);
  });
});

describe('compile() and lines for the user', () => {
  const errors = ({ events }: { readonly events: Events }): string[] =>
    events.filter((event) => /^(?:ERROR|Warning):/.test(event));

  it('says once what many jobs meet', async () => {
    const notices = new Notices(() => 0);
    const queue = new QueuedSlots(() => 0);
    const plan = { hosts: 'one', behaviours: { one: 'unreachable' as const }, queue, notices };
    expect(errors(await play(plan))).toEqual([
      'ERROR: one is gone',
      'Warning: failed to distribute src/a.c to one, running locally instead',
    ]);
    // It rests, or fails another job that was there already.
    expect(errors(await play(plan))).toEqual([]);
    expect(errors(await play({ ...plan, queue: new QueuedSlots(() => 0) }))).toEqual([]);
  });

  it('says each time that a job fails because it may not fall back', async () => {
    const plan = { hosts: 'one,down', environment: { DISTCC_FALLBACK: '0' }, notices: new Notices(() => 0) };
    const sentence = ['ERROR: failed to distribute and fallbacks are disabled'];
    for (const round of [1, 2]) expect([round, errors(await play(plan))]).toEqual([round, sentence]);
    // That has taken nothing from a job that may.
    expect(errors(await play({ ...plan, environment: {} }))).toHaveLength(1);
  });

  it('says nothing without hosts, except on a terminal', async () => {
    const result = await play({ hosts: '' });
    expect(errors(result)).toEqual([]);
    expect(result.events).toContain('no hosts');
    expect((await play({ hosts: 'one' })).events).not.toContain('no hosts');
    expect((await play({ hosts: '', words: ['gcc', 'a.o'] })).events).not.toContain('no hosts');
  });
});

describe('compile() with a job that fails there and not here', () => {
  const failing = { hosts: 'one', behaviours: { one: exited(1) }, here: 0 };
  const asked = (events: Events): boolean => events.includes('carry to one DIST');

  it('sends the host no more of its jobs after three in a row', async () => {
    const queue = new QueuedSlots(() => 0);
    for (const often of ['one', 'two', 'three']) {
      const { end, events } = await play({ ...failing, queue });
      expect([often, end, asked(events)]).toEqual([often, 0, true]);
      const told = events.some((event) => event.startsWith('Warning: one gets no jobs of gcc for a while'));
      expect(told).toBe(often === 'three');
    }
    expect(asked((await play({ ...failing, queue })).events)).toBe(false);
    expect(asked((await play({ hosts: 'one', queue, words: ['g++', '-c', 'a.cc'] })).events)).toBe(true);
  });

  it('forgets that when one succeeds there', async () => {
    const queue = new QueuedSlots(() => 0);
    for (let round = 0; round < 3; round += 1) {
      await play({ ...failing, queue });
      await play({ ...failing, queue });
      expect(asked((await play({ hosts: 'one', queue })).events)).toBe(true);
    }
    expect(asked((await play({ ...failing, queue })).events)).toBe(true);
  });

  it.each<readonly [string, Partial<Plan>]>([
    ['assembler that reads files', { text: 'asm(".include \\"x.inc\\"");' }],
    [
      'a warning that is an error',
      { behaviours: { one: { status: exited(1), stderr: Buffer.from('error: x [-Werror=y]') } } },
    ],
    ['a fault that is the same here', { here: exited(1) }],
  ])('holds nothing against the host for %s', async (_why, plan) => {
    const queue = new QueuedSlots(() => 0);
    for (let round = 0; round < 9; round += 1) {
      expect(asked((await play({ ...failing, ...plan, queue })).events)).toBe(true);
    }
  });

  it('compiles here after a compiler that was killed there, and blames nobody', async () => {
    const queue = new QueuedSlots(() => 0);
    const plan = { hosts: 'one', behaviours: { one: killed(11, true) }, queue };
    for (let round = 0; round < 4; round += 1) {
      const { end, events } = await play(plan);
      expect([end, asked(events)]).toEqual([0, true]);
      expect(events).toContain('ERROR: compile src/a.c on one: Segmentation fault (core dumped)');
    }
  });
});

describe('compile() and whoever reads its messages', () => {
  const evil = Buffer.from('\x1b]0;OWNED\x07\x1b[2J\x1b[1;31ma.c:1: ‘x’\x1b[m\r\n');
  const plan = { hosts: 'one', behaviours: { one: { stderr: evil, stdout: evil } } };

  async function told(
    reader: Partial<Effects>,
    environment: Readonly<Record<string, string>>,
    more: Partial<Plan> = {},
  ): Promise<{ texts: Record<string, string>; sent: string; events: Events }> {
    const events: Events = [];
    const texts: Record<string, string> = {};
    let sent = '';
    const effects = effectsOf({ ...plan, ...more }, events);
    const carry: Effects['carry'] = (host, request) => {
      sent += request.head.toString('latin1');
      return effects.carry(host, request);
    };
    const tell: Effects['tell'] = (to, bytes) => void (texts[to] = bytes.toString());
    const call = { argv0: 'distcc', words: ['gcc', '-c', 'a.c'], environment, directory: '/home/me' };
    await compile(call, { ...effects, ...reader, carry, tell });
    return { texts, sent, events };
  }

  const utf8 = { TERM: 'xterm', LC_ALL: 'C.UTF-8' };

  it('lets only text and colours reach a terminal', async () => {
    const { texts } = await told({ stderrIsTerminal: true }, utf8);
    expect(texts['stderr']).toBe('^[]0;OWNED^G^[[2J\x1b[1;31ma.c:1: ‘x’\x1b[m\r\n');
    expect(texts['stdout']).toBe(evil.toString());
    const other = await told({ stdoutIsTerminal: true }, utf8);
    expect([other.texts['stderr'], other.texts['stdout']]).toEqual([evil.toString(), texts['stderr']]);
  });

  it.each([
    ['DISTCC_SKIP_LOCAL_RETRY', '1'],
    ['DISTCC_FALLBACK', '0'],
  ])('does so as well when the host has the last word, by %s=%s', async (name, value) => {
    const behaviours = { one: { status: exited(1), stderr: evil } };
    const { texts } = await told({ stderrIsTerminal: true }, { ...utf8, [name]: value }, { behaviours });
    expect(texts['stderr']).toMatch(/^\^\[\]0;OWNED/);
  });

  it('asks for colours where the compiler here would use them', async () => {
    expect((await told({ stderrIsTerminal: true }, utf8)).sent).toContain('-fdiagnostics-color=always');
    expect((await told({}, utf8)).sent).not.toContain('color');
    expect((await told({ stderrIsTerminal: true }, { TERM: 'dumb' })).sent).not.toContain('color');
  });

  it('writes quotes as the caller reads them', async () => {
    expect((await told({}, { LC_ALL: 'C' })).texts['stderr']).toContain("a.c:1: 'x'");
    expect((await told({}, utf8)).texts['stderr']).toContain('a.c:1: ‘x’');
  });

  it('compiles here once more for messages in the language of the caller', async () => {
    const german = { LC_ALL: 'de_DE.UTF-8' };
    const hasCatalogue = (language: string): boolean => language === 'de';
    const { texts, events } = await told({ hasCatalogue }, german);
    expect(texts).toEqual({});
    expect(events.filter((event) => /^(?:save|become|praise)/.test(event))).toEqual([
      'praise one',
      'become gcc -c a.c',
    ]);
    const silent = { behaviours: { one: { stderr: Buffer.alloc(0) } } };
    for (const [reader, environment, more] of [
      [{ hasCatalogue }, german, silent],
      [{ hasCatalogue }, { LC_ALL: 'C.UTF-8' }, {}],
      [{ hasCatalogue: () => false }, german, {}],
      [{ hasCatalogue }, { ...german, DISTCC_FALLBACK: '0' }, {}],
    ] as const) {
      expect((await told(reader, environment, more)).events).toContain('save a.o object');
    }
  });

  it('compiles here once more for the colours in GCC_COLORS, where they change something', async () => {
    const behaviours = { one: { stderr: Buffer.from('a.c:1: \x1b[01;35mwarning:\x1b[m x\n') } };
    const done = async (palette: string, more: Readonly<Record<string, string>> = {}): Promise<string[]> => {
      const environment = { ...utf8, GCC_COLORS: palette, ...more };
      const { events } = await told({ stderrIsTerminal: true }, environment, { behaviours });
      return events.filter((event) => /^(?:save|become)/.test(event));
    };
    expect(await done('warning=04')).toEqual(['become gcc -c a.c']);
    for (const [palette, more] of [
      ['warning=01;35:error=04', {}],
      ['warning=04', { DISTCC_FALLBACK: '0' }],
    ] as const) {
      expect(await done(palette, more)).toContain('save a.o object');
    }
  });
});

describe('compile() with hosts that compile from inputs', () => {
  const words = ['gcc', '-O2', '-MD', '-c', 'src/a.c', '-o', 'a.o'];
  const environment = { LANG: 'C.UTF-8', PATH: '/bin', CPATH: '/include' };

  it('preprocesses nothing, sends the whole command, and saves the dependency file first', async () => {
    const { end, events } = await play({ hosts: 'far', words, environment, inputs: { far: 'made' } });
    expect(end).toBe(0);
    expect(events).toEqual([
      'take tcp_far_3632#0',
      'local Preprocess',
      'look for what src/a.c reads',
      'remote Compile',
      'inputs to far: CPATH=/include LANG=C.UTF-8 gcc -O2 -MD -c src/a.c -o a.o',
      'release tcp_far_3632#0',
      'save a.d of 7 bytes',
      'save a.o object',
      'show cpp',
      'stderr: there',
      'praise far',
      'end 0',
    ]);
  });

  it('has messages that a preprocessed text would make doubtful, and shows them', async () => {
    const inputs = { far: 'made' } as const;
    const { events } = await play({ hosts: 'far', words: ['gcc', '-Wextra', '-c', 'a.c'], inputs });
    expect(events.filter((event) => /^(?:become|run|stderr)/.test(event))).toEqual(['stderr: there']);
  });

  it.each<readonly [string, Partial<Plan>]>([
    ['the host fails to', { inputs: { far: new InputsFailed('a file has changed') } }],
    ['it is not known what the source reads', { unbounded: 'BOOST_PP_ITERATE() is computed' }],
    ['the user does not want it', { environment: { DISTCC_PREPROCESS: 'here' } }],
    ['a variable changes what the compiler does', { environment: { COMPILER_PATH: '/opt' } }],
    ['the dependency file is asked of a part', { words: ['gcc', '-Wp,-MD,a.d,-MP', '-c', 'a.c'] }],
  ])('preprocesses here for the same host when %s', async (_why, plan) => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: 'made' }, ...plan });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:carry|rest|praise|ERROR|become)/.test(event))).toEqual([
      'carry to far DIST',
      'praise far',
    ]);
  });

  it('keeps what a compile here makes, and reports a difference, for whoever wants to verify', async () => {
    const { end, events } = await play({
      hosts: 'far',
      inputs: { far: 'made' },
      environment: { DISTCC_VERIFY: '1' },
    });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:compile|save|stderr|ERROR)/.test(event))).toEqual([
      'compile src/a.c aside',
      expect.stringMatching(/^ERROR: src\/a\.c, compiled from its inputs on far: not the same as here: the object/),
      'stderr: here',
    ]);
  });

  it('looks once, whoever is asked, and blames a host that cannot be reached', async () => {
    const inputs = { one: new TransportError('one is gone'), two: 'made' } as const;
    const { end, events } = await play({ hosts: 'one two', inputs });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:look|inputs|rest|carry)/.test(event))).toEqual([
      'look for what src/a.c reads',
      'inputs to one: gcc -O2 -c src/a.c -o a.o',
      'rest one',
      'inputs to two: gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('has the launcher look whether all is as an earlier job has told, on its way to the host', async () => {
    const { events } = await play({ hosts: 'far', inputs: { far: 'made' }, recalls: 'as it is' });
    expect(events.slice(0, 3)).toEqual([
      'take tcp_far_3632#0',
      'remote Compile',
      'inputs to far: gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('looks when all is not as an earlier job has told, and goes to the same host, which is not blamed', async () => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: 'made' }, recalls: 'outdated' });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:take|look|inputs|rest|ERROR|praise)/.test(event))).toEqual([
      'take tcp_far_3632#0',
      'look for what src/a.c reads',
      'inputs to far: gcc -O2 -c src/a.c -o a.o',
      'praise far',
    ]);
  });

  it.each<readonly [string, Partial<Plan>, string]>([
    ['cannot be known', { unbounded: 'why' }, 'carry to far DIST'],
    ['cannot be written to', { obstacle: 'its output is its source' }, 'become gcc -O2 -c src/a.c -o a.o'],
  ])('goes on as usual when what an earlier job has told %s any more', async (_, plan, goes) => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: 'made' }, recalls: 'outdated', ...plan });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:inputs|carry|become)/.test(event))).toEqual([goes]);
  });

  it('leaves an output that cannot be written to the compiler here, whatever has been found', async () => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: 'made' }, obstacle: 'its output is its source' });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:inputs|carry|rest|become)/.test(event))).toEqual([
      'become gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('leaves an output out of the command that the user did not name', async () => {
    const { events } = await play({ hosts: 'far', words: ['gcc', '-MD', '-S', 'a.c'], inputs: { far: 'made' } });
    expect(events.filter((event) => /^(?:inputs|save)/.test(event))).toEqual([
      'inputs to far: gcc -MD -S a.c',
      'save a.d of 7 bytes',
      'save a.s object',
    ]);
  });

  it('adds no words to an error of the source, which the compiler here writes', async () => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: exited(1) }, here: exited(1) });
    expect(end).toBe(1);
    expect(events.filter((event) => /^(?:ERROR|Warning|run|distrust|rest|stderr)/.test(event))).toEqual([
      'run gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('no longer trusts the scan of a source that fails there and not here, and does not blame the host', async () => {
    const { end, events } = await play({ hosts: 'far', inputs: { far: exited(1) }, here: 0 });
    expect(end).toBe(0);
    expect(events.filter((event) => /^(?:distrust|rest|run)/.test(event))).toEqual([
      'run gcc -O2 -c src/a.c -o a.o',
      'distrust src/a.c',
    ]);
  });

  it('sends a job to the same host each time where results are kept, whatever the order of the list', async () => {
    const inputs = { red: 'made', green: 'made', blue: 'made' } as const;
    const goesTo = async (hosts: string, keeps: boolean, source = 'a.c'): Promise<string | undefined> => {
      const queue = new QueuedSlots(() => 0);
      const { events } = await play({ hosts, inputs, keeps, queue, words: ['gcc', '-c', source] });
      return events.find((event) => event.startsWith('inputs to'))?.split(':')[0];
    };
    const kept = [await goesTo('red green blue', true), await goesTo('blue red green', true)];
    expect(kept[0]).toMatch(/^inputs to (?:red|green|blue)$/);
    expect(kept[1]).toBe(kept[0]);
    expect([await goesTo('red green blue', false), await goesTo('blue red green', false)]).toEqual([
      'inputs to red',
      'inputs to blue',
    ]);
    // Jobs of other sources have other hosts.
    const sources = Array.from({ length: 30 }, (_, number) => `${number}.c`);
    const hosts = await Promise.all(sources.map((source) => goesTo('red green blue', true, source)));
    expect(new Set(hosts)).toEqual(new Set(['inputs to red', 'inputs to green', 'inputs to blue']));
  });

  it.each<readonly [string, Partial<Plan>, readonly string[]]>([
    ['done from inputs', {}, ['sent unpreprocessed']],
    ['preprocessed for hosts that do not take inputs', { inputs: {} }, ['sent preprocessed']],
    [
      'preprocessed because its inputs are not known',
      { unbounded: 'a name is computed' },
      ['reason a name is computed', 'sent preprocessed'],
    ],
    [
      'preprocessed because the host could not',
      { inputs: { far: new InputsFailed('a file has changed') } },
      ['reason a file has changed', 'sent preprocessed'],
    ],
    [
      'preprocessed for the second host',
      {
        hosts: 'gone far',
        behaviours: { gone: 'unreachable' },
        inputs: { gone: 'made', far: 'made' },
        unbounded: 'why',
      },
      ['reason why', 'sent preprocessed'],
    ],
    ['a kept result', { keptResult: true }, ['sent result']],
  ])('counts, and tells why once, a job that is %s', async (_, plan, counts) => {
    const events: Events = [];
    const counted: string[] = [];
    const effects = effectsOf({ hosts: 'far', inputs: { far: 'made' }, ...plan }, events);
    const end = await compile(callOf('a.c'), {
      ...effects,
      log: textLog('distcc', 'info', (line) => events.push(line)),
      inputs: {
        ...effects.inputs,
        countSent: (how) => void counted.push(`sent ${how}`),
        countReason: (because) => void counted.push(`reason ${because}`),
      },
    });
    expect([end, counted]).toEqual([0, counts]);
    const told = events.flatMap((event) => /a\.c is preprocessed here(?: for far)?: (.*)/.exec(event)?.[1] ?? []);
    expect(told.map((why) => `reason ${why}`)).toEqual(counts.filter((count) => count.startsWith('reason')));
  });

  it('trusts the scan of a source whose files have changed meanwhile', async () => {
    const { events } = await play({ hosts: 'far', inputs: { far: exited(1) }, changing: true });
    expect(events.filter((event) => /^(?:distrust|rest|run|Warning)/.test(event))).toEqual([
      'run gcc -O2 -c src/a.c -o a.o',
    ]);
  });

  it('has a host rest that is out of room, and trusts the scan', async () => {
    const says = 'fatal error: error writing to a.s: No space left on device';
    const { events } = await play({ hosts: 'far', inputs: { far: exited(1) }, says });
    expect(events.filter((event) => /^(?:distrust|rest|run)/.test(event))).toEqual([
      'run gcc -O2 -c src/a.c -o a.o',
      'rest far',
    ]);
  });
});
