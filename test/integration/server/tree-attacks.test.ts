import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSession, encodeTreeJob } from '../../../src/wire/inputs/tree-job.ts';
import type { TreeJob } from '../../../src/wire/inputs/tree-job.ts';
import type { Definition } from '../../../src/wire/inputs/definitions.ts';
import { encodeToken } from '../../../src/wire/token.ts';
import { startDaemon } from '../../support/daemon.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { fileOf, TreeClient } from '../../support/tree-client.ts';
import type { ClientInput, ClientJob, TreeOutcome } from '../../support/tree-client.ts';
import { connectTo, converse } from '../../support/wire-client.ts';

let top: string;
let daemon: TestDaemon;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'tree-attacks-'));
  daemon = await startDaemon({ options: ['--allow', '127.0.0.0/8'] });
});
afterAll(async () => {
  await daemon.end();
  rmSync(top, { recursive: true });
});

const work = (...more: readonly ClientInput[]): ClientJob => ({
  argv: ['gcc', '-O2', '-c', 'a.c', '-o', 'a.o'],
  directory: '/home/me',
  inputs: [fileOf('/home/me/a.c', 'int x;\n'), fileOf('/usr/include/stdc-predef.h', ''), ...more],
});

const run = (change: Partial<ClientJob>): Promise<TreeOutcome> =>
  new TreeClient(daemon.port).run({ ...work(), ...change });

/** Files that the server keeps, by their names. */
function kept(): string[] {
  const { stdout } = spawnSync('find', [daemon.temporary, '-type', 'f'], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((name) => basename(name))
    .filter((name) => /^[0-9a-f]{64}$/.test(name));
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
/** The connection was closed without an answer. */
const closed = { answer: undefined, error: undefined };

/** The same job with other definitions. */
const redefine =
  (change: (definitions: readonly Definition[]) => readonly Definition[]) =>
  (job: TreeJob): TreeJob => ({ ...job, definitions: change(job.definitions) });

describe('a hostile client with tree jobs', () => {
  it.each([
    ['..', '/home/me/../../../etc/x'],
    ['. and //', '/home/me/.//x'],
    ['a relative path', 'work/x'],
    ['a NUL', '/home/me/x\0y'],
    ['a slash at the end', '/home/me/x/'],
  ])('gets no path with %s', async (_, path) => {
    for (const more of [
      fileOf(path, 'evil'),
      { kind: 'directory', path },
      { kind: 'link', path, target: 'x' },
    ] as const)
      expect(await run(work(more))).toMatchObject(closed);
    await daemon.logs(/a path of token "DEFS" (?:has|does not)/);
  });

  it.each(['/.job/evil', '/proc/self/fd/1', '/dev/evil', '/sys/x'])('gets no %s of its own', async (path) => {
    expect((await run(work(fileOf(path, 'evil')))).error).toBe(
      `distccd: "${path}" cannot be sent: jobs have their own there`,
    );
  });

  it('gets nowhere by links, whichever comes first', async () => {
    const target = mkdtempSync(join(top, 'target-'));
    for (const [link, path] of [
      ['/home/me/out', `/home/me/out/evil`],
      ['/out', `/out${target}/evil`],
    ] as const) {
      const place: ClientInput = { kind: 'link', path: link, target: link === '/out' ? '/../../../../../..' : target };
      const first = await new TreeClient(daemon.port).run(work(place, fileOf(path, 'evil')));
      expect(first.error).toBe(`distccd: a path of the job goes through the link "${link}"`);
      const second = await new TreeClient(daemon.port).run(work(fileOf(path, 'evil'), place));
      expect(second.error).toBe(
        `distccd: "${link}" is something else already in this generation of the client's files`,
      );
    }
    expect(readdirSync(target)).toEqual([]);
  });

  it('reads nothing of the server by its links and includes', async () => {
    const secret = join(daemon.temporary, 'secret.h');
    writeFileSync(secret, 'int secret_of_the_server;\n', { mode: 0o644 });
    const source = (text: string): ClientInput[] => [fileOf('/home/me/b.c', text), ...work().inputs.slice(1)];
    const compile = async (inputs: readonly ClientInput[]): Promise<string> => {
      const { answer } = await run({ argv: ['gcc', '-c', 'b.c', '-o', 'b.o'], inputs });
      expect(answer?.status).toBe(256);
      return answer?.stderr.toString() ?? '';
    };
    for (const path of [secret, '/etc/passwd', '/proc/self/environ', '../../../../../../../../etc/passwd'])
      expect(await compile(source(`#include "${path}"\n`))).toContain(`${path}: No such file or directory`);
    const link: ClientInput = { kind: 'link', path: '/home/me/link.h', target: secret };
    expect(await compile([...source('#include "link.h"\n'), link])).toContain('link.h: No such file or directory');
    const up: ClientInput = { kind: 'link', path: '/home/me/up', target: '/../../../../..' };
    expect(await compile([...source(`#include "up${secret}"\n`), up])).toContain('No such file or directory');
    // The assembler names its own input, which is not a file of the client's, so that this is not even told.
    const assembled = await run({
      argv: ['gcc', '-c', 'b.c', '-o', 'b.o'],
      inputs: source(`__asm__(".incbin \\"${secret}\\"");\n`),
    });
    expect(assembled.error).toContain('names a path of this server');
  });

  it('ends with contents that are not what it declared, and nothing of them is kept', async () => {
    const text = 'int declared;\n';
    const wrong = 'int provided;\n';
    const outcome = await run({
      inputs: [fileOf('/home/me/a.c', text), ...work().inputs.slice(1)],
      contents: (contents) =>
        contents.map((one) => (one.length === text.length ? { ...one, bytes: Buffer.from(wrong) } : one)),
    });
    expect(outcome).toMatchObject(closed);
    await daemon.logs(/the content of number \d+ is not the one that was declared/);
    for (const one of [text, wrong]) expect(kept()).not.toContain(hashOf(one));
    // Nobody else gets it.
    const other = await run({ inputs: [fileOf('/home/me/a.c', text), ...work().inputs.slice(1)] });
    expect(other.needs.flat()).toHaveLength(1);
    expect(other.answer?.status).toBe(0);
  });

  it('hears the same of a content that is here and of one that nobody has', async () => {
    const known = 'int secret_of_another_client;\n';
    const unknown = 'int nobody_has_ever_had_this;\n';
    const owner = await run({ inputs: [fileOf('/home/me/a.c', known), ...work().inputs.slice(1)] });
    expect(owner.answer?.status).toBe(0);
    expect(kept()).toContain(hashOf(known));
    const ask = async (text: string, proof: (right: Buffer) => Buffer): Promise<TreeOutcome> => {
      const outcome = await run({
        inputs: [fileOf('/home/me/a.c', text), ...work().inputs.slice(1)],
        change: redefine((all) =>
          all.map((one) =>
            one.kind === 'file' && one.path === '/home/me/a.c' ? { ...one, proof: proof(one.proof) } : one,
          ),
        ),
        contents: () => [],
      });
      // All but the nonce, which is drawn.
      return { ...outcome, welcomes: outcome.welcomes.map((one) => ({ ...one, nonce: Buffer.alloc(16), load: 0 })) };
    };
    for (const proof of [
      () => Buffer.alloc(32),
      (right: Buffer) => Buffer.concat([right.subarray(1), right.subarray(0, 1)]),
      () => Buffer.from(hashOf(known), 'hex'),
    ]) {
      const [here, nowhere] = [await ask(known, proof), await ask(unknown, proof)];
      expect(here.needs.flat()).toEqual([0]);
      expect(here).toEqual(nowhere);
    }
  });

  it('gets nothing by numbers that are out of range, unknown, or defined twice', async () => {
    const uses =
      (...numbers: readonly number[]) =>
      (job: TreeJob): TreeJob => ({ ...job, uses: numbers });
    expect(await run({ change: uses(65_535) })).toMatchObject(closed);
    await daemon.logs('number 65535 is used and not defined');
    const twice = redefine((all) => [...all, { kind: 'directory', number: 0, path: '/else' }]);
    expect(await run({ change: twice })).toMatchObject(closed);
    await daemon.logs('number 0 is defined as something else');
    const client = new TreeClient(daemon.port);
    expect((await client.run(work())).answer?.status).toBe(0);
    const message = (...numbers: readonly string[]): Buffer =>
      Buffer.concat([
        encodeSession(client.secret),
        ...encodeTreeJob({
          nonce: client.nonce,
          generation: 0,
          directory: '/home/me',
          argv: ['gcc', '-c', 'a.c', '-o', 'a.o'],
          environment: [],
          definitions: [],
          uses: [],
          data: [],
        }).map((chunk) => (chunk.toString() === 'USES00000000' ? Buffer.from(numbers.join(''), 'latin1') : chunk)),
      ]);
    // Too large, without an end, not rising.
    for (const [body, sentence] of [
      ['\x80\x80\x04', 'a number of token "USES" is 65536'],
      ['\x80', 'a number of token "USES" has no end'],
      ['\x01\x00', 'a number of token "USES" comes twice'],
    ] as const) {
      const head = encodeToken('USES', body.length).toString();
      expect((await converse(daemon.port, [message(head, body)])).toString()).toBe('');
      await daemon.logs(sentence);
    }
  });

  it('sends no content that was not asked for, and leaves none out', async () => {
    const number = (contents: Parameters<NonNullable<ClientJob['contents']>>[0], change: number) =>
      contents.map((one, at) => (at === 0 ? { ...one, number: one.number + change } : one));
    const fresh = (): Partial<ClientJob> => ({
      inputs: [...work().inputs, fileOf('/home/me/b.h', `int ${Math.random()};`)],
    });
    expect(await run({ ...fresh(), contents: (contents) => number(contents, 1) })).toMatchObject(closed);
    await daemon.logs(/number \d+ came and was not asked for/);
    expect(await run({ ...fresh(), contents: (contents) => [...contents, ...contents] })).toMatchObject(closed);
    expect(await run({ ...fresh(), contents: () => [] })).toMatchObject(closed);
    await daemon.logs(/number \d+ was asked for and did not come/);
    // Of its own accord it may send what it has defined.
    const data =
      (of: number, text: string) =>
      (job: TreeJob): TreeJob => ({
        ...job,
        data: [{ number: of, codec: 'raw', length: text.length, bytes: Buffer.from(text) }],
      });
    const source = 'int sent_at_once;\n';
    const inputs = [fileOf('/home/me/a.c', source), ...work().inputs.slice(1)];
    expect(await run({ inputs, change: data(0, source) })).toMatchObject({ needs: [[]], answer: { status: 0 } });
    expect(await run({ inputs, change: data(5, source) })).toMatchObject(closed);
    expect(await run({ inputs, change: data(0, 'int another_text_;\n') })).toMatchObject(closed);
  });

  it('may not have two nonces in a row that are wrong', async () => {
    const wrong = encodeTreeJob({
      nonce: Buffer.alloc(16, 7),
      generation: 0,
      directory: '/home/me',
      argv: ['gcc', '-c', 'a.c', '-o', 'a.o'],
      environment: [],
      definitions: [],
      uses: [],
      data: [],
    });
    const said = await converse(daemon.port, [encodeSession(Buffer.alloc(16, 7)), ...wrong, ...wrong]);
    expect(said.toString()).toMatch(/^WELC[\da-f]{8}\{.*\}$/);
    await daemon.logs('a job has another nonce than its session, twice');
    const client = new TreeClient(daemon.port);
    Object.assign(client, { nonce: Buffer.alloc(16, 9) });
    // As after a restart: what it takes for its session is gone.
    expect(await client.run(work())).toMatchObject({ welcomes: [{}], answer: { status: 0 } });
  });

  it('has its command judged as another one', async () => {
    const compile = (...words: readonly string[]): Promise<TreeOutcome> =>
      run({ argv: ['gcc', ...words, '-c', 'a.c', '-o', 'a.o'] });
    for (const option of [
      '-B/work',
      '-specs=a.c',
      '-fplugin=./a.so',
      '-wrapper',
      '@a.c',
      '-Wp,-fplugin=x',
      '-march=native',
    ]) {
      const { error } = await compile(option, ...(option === '-wrapper' ? ['sh'] : []));
      expect(error).toMatch(/^distccd: (?:the option ".*" is refused|this server compiles only)/);
    }
    expect((await run({ argv: ['sh', '-c', 'a.c', '-o', 'a.o'] })).error).toContain(
      'the compiler "sh" is not permitted',
    );
    expect((await run({ argv: ['gcc', 'a.c', '-o', 'a.o'] })).error).toContain('does more than compile');
    for (const options of [
      ['-I/work', '-isystem', '/else', '-DX=1', '-UY', '-include', '/home/me/b.h'],
      ['-Wp,-MD,deps.d', '-Wp,-DX'],
      ['-x', 'c'],
      ['-nostdinc', '-iquote', '.', '-idirafter', '/x'],
    ]) {
      const outcome = await run({
        argv: ['gcc', ...options, '-c', 'a.c', '-o', 'a.o'],
        inputs: [...work().inputs, fileOf('/home/me/b.h', 'int b;\n')],
      });
      expect(outcome).toMatchObject({ error: undefined, answer: { status: 0 } });
    }
  });

  it('writes nothing but its object, wherever its words point', async () => {
    const outside = join(top, 'written');
    for (const words of [
      ['-o', '../../../../..' + outside, '-c', 'a.c'],
      ['-o', outside, '-MD', '-MF', outside, '-c', 'a.c'],
      ['-o', 'a.o', '-Wp,-MD,' + outside, '-c', 'a.c'],
    ]) {
      const outcome = await run({ argv: ['gcc', ...words] });
      expect(outcome).toMatchObject({ error: undefined, answer: { status: 0 } });
      expect(existsSync(outside)).toBe(false);
    }
  });

  it('holds nobody up by a message that it does not finish', async () => {
    const half = Buffer.concat([encodeSession(Buffer.alloc(16, 77)), encodeToken('JOBT', 20)]);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(daemon.port, '127.0.0.3')));
    for (const { socket } of clients) socket.write(half);
    expect((await run({})).answer?.status).toBe(0);
    for (const { socket } of clients) socket.destroy();
  });

  it('leaves nothing behind when the daemon ends', async () => {
    const own = await startDaemon({ options: ['--allow', '127.0.0.0/8'] });
    expect((await new TreeClient(own.port).run(work())).answer?.status).toBe(0);
    const spools = (): string[] => readdirSync(own.temporary).filter((name) => name.startsWith('distccd-'));
    expect(spools()).toHaveLength(1);
    own.process.kill('SIGTERM');
    await new Promise((resolve) => own.process.once('exit', resolve));
    expect(spools()).toEqual([]);
    await own.end();
    expect(readFileSync('/dev/null')).toHaveLength(0);
  });
});
