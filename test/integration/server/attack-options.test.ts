import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgedOptions } from '../../support/judged.ts';
import { needs } from '../../support/needs.ts';
import { evil, installedCompilers, optionsOf, spellingsOf } from '../../support/option-lists.ts';
import { startTracedDaemon } from '../../support/traced-daemon.ts';
import type { Deeds, TracedDaemon } from '../../support/traced-daemon.ts';

/**
 * DISTCCD_ATTACK_OPTIONS=all goes through every spelling that the allow list has (`npm run attack-options`, which takes
 * long) and one in twenty of the others; a number goes through that many of each compiler. DISTCCD_ATTACK_COMPILERS
 * names some of the compilers.
 */
const wanted = process.env['DISTCCD_ATTACK_OPTIONS'] ?? '40';
const everything = wanted === 'all';
const seed = Number(process.env['DISTCCD_ATTACK_SEED'] ?? Math.floor(Math.random() * 1e9));

const source = 'int f(int *a) { int s = 0; for (int i = 0; i < 99; i++) s += a[i]; return s; }\n';

/** Where the parts of compilers are, and what every program of the system reads. */
const partOfSystem =
  /^\/(?:usr\/)?lib(?:32|64|x32)?\/|^\/usr\/(?:share|include|bin|[a-z0-9_]+-linux-gnu)(?:\/|$)|^\/etc\/(?:ld\.so|locale|selinux|[\w-]+-release$|debian_version)|^\/proc\/|^\/sys\/|^\/dev\/(?:null|urandom)$|^\/tmp$/;
/** Where clang looks for CUDA and HIP when `-v` has it say what it has found; a job's root has none of it. */
const searchedByClang =
  /^\/usr\/local\/cuda[^/]*\/|^\/opt$|^(?:\/usr\/local)?\/(?:share\/hip|bin)\/(?:version|\.hipVersion)$/;
const programOfCompiler =
  /\/(?:distccd-fence|cc1|cc1plus|(?:[\w-]+-)?as|(?:[\w+-]+-)?(?:gcc|g\+\+|clang|clang\+\+)(?:-[0-9.]+)?)$/;

/**
 * In the job's own folder: the source, the object, the messages, what a compiler keeps there meanwhile, and the name
 * that one which crashes looks up to print where it did.
 */
const ownFile =
  /(?:\/distccd-spool-[^/]+\/job-[^/]+|^\/\.job)(?:\/(?:a\.ii?|a\.o|\.stdout|\.stderr|cc\w{6}(?:\.\w+)?|a-[0-9a-f]+(?:-[0-9a-f]+)?\.(?:s|o|bc)(?:\.tmp)?|a\.o-?[0-9a-f]*\.tmp|a\.o\.tmp|linux-vdso\.so\.1))?$/;

/** What is wrong with the deeds of a compiler, where a plain compile reads some files as well. */
function faultsIn({ read, written, executed }: Deeds, plain: ReadonlySet<string>): string[] {
  const isStrange = (path: string): boolean =>
    path.includes(evil) || !(partOfSystem.test(path) || ownFile.test(path) || searchedByClang.test(path));
  return [
    ...read.filter((path) => isStrange(path) && !plain.has(path)).map((path) => `read ${path}`),
    ...written.filter((path) => path !== '/dev/null' && !ownFile.test(path)).map((path) => `wrote ${path}`),
    ...executed.filter((path) => path.includes(evil) || !programOfCompiler.test(path)).map((path) => `started ${path}`),
  ];
}

/** Numbers from 0 to 1 that are the same for the same seed. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function sampleOf(spellings: readonly string[]): readonly string[] {
  if (everything) return spellings.filter((spelling, at) => at % 20 === 0 || reachesCompiler(spelling));
  const random = randomFrom(seed);
  return Array.from({ length: Number(wanted) }, () => spellings[Math.floor(random() * spellings.length)] ?? '');
}

/** Spellings that go into one command of a walk through all of them. */
const atOnce = everything ? 32 : 1;

/**
 * Groups of spellings for one command each. Neighbours, which may undo each other, come into different ones; what is
 * refused stays alone.
 */
function groupsOf(spellings: readonly string[]): string[][] {
  const reaching = spellings.filter(reachesCompiler);
  const count = Math.ceil(reaching.length / atOnce);
  const groups: string[][] = Array.from({ length: count }, () => []);
  reaching.forEach((spelling, at) => groups[at % count]?.push(spelling));
  return [...groups, ...spellings.filter((spelling) => !reachesCompiler(spelling)).map((spelling) => [spelling])];
}

/** What the errors of compilers stand about: the words between quotes. */
function wordsInErrors(answer: string): Set<string> {
  const errors = answer.split('\n').filter((line) => /error:|^as: /.test(line));
  return new Set(errors.flatMap((line) => [...line.matchAll(/[‘'`"]([^‘’'`"]+)[’'`"]/g)].map(([, word = '']) => word)));
}

/** Forms in which compilers name a word: as it is, as gcc's driver rewrites it, and without its value. */
const formsOf = (word: string): string[] =>
  [word, word.replace(/^--/, '-f'), word.replace('-Wno-error=', '-Werror=')].flatMap((form) => [
    form,
    form.slice(0, form.indexOf('=') + 1),
    form.slice(0, Math.max(0, form.indexOf('='))),
  ]);

/** Whether a compiler's errors name a spelling. */
const isNamed = (spelling: string, named: ReadonlySet<string>): boolean =>
  wordsOf(spelling).some((word) => formsOf(word).some((form) => form.length > 2 && named.has(form)));

/** Whether some word of it is kept; what is left out for being needless cannot do anything. */
function reachesCompiler(spelling: string): boolean {
  const judgement = judgedOptions(wordsOf(spelling));
  return judgement.refused === undefined && judgement.words.length > 0;
}

const chosen = process.env['DISTCCD_ATTACK_COMPILERS']?.split(' ');
const compilers = installedCompilers().filter((compiler) => chosen?.includes(compiler) ?? true);

describe.skipIf(!needs('strace', 'strace'))(`options of compilers, seed ${seed}`, () => {
  let daemon: TracedDaemon;
  beforeAll(async () => {
    daemon = await startTracedDaemon(compilers);
  });
  afterAll(() => daemon.end());

  const job = (compiler: string, options: readonly string[]): Promise<Deeds> =>
    daemon.compile([compiler, ...options, '-c', compiler.includes('++') ? 'a.cc' : 'a.c', '-o', 'a.o'], source);

  it.each(compilers)(
    '%s opens nothing for writing outside of its folder, reads no other file and starts no other program',
    async (compiler) => {
      const plain = await job(compiler, []);
      const known = new Set(plain.read);
      expect(faultsIn(plain, known)).toEqual([]);
      expect(plain.executed.length).toBeGreaterThan(1);
      const faults: string[] = [];
      // Of a run that takes hours, whoever stops it wants what it has found so far.
      const blame = (fault: string): void => {
        console.log(`${compiler}: ${fault}`);
        faults.push(fault);
      };
      let [compiled, failed, refused] = [0, 0, 0];
      const tell = (): void =>
        console.log(
          `${compiler}: ${compiled} spellings compiled, ${failed} failed, ${refused} refused, ${faults.length} faults`,
        );
      const halve = async (group: readonly string[]): Promise<void> => {
        await walk(group.slice(0, group.length >> 1));
        await walk(group.slice(group.length >> 1));
      };
      const walk = async (group: readonly string[]): Promise<void> => {
        const deeds = await job(compiler, group.flatMap(wordsOf));
        const found = faultsIn(deeds, known);
        if (deeds.refused && deeds.executed.length > 0) found.push('refused, and started something');
        if (group.length > 1 && found.length > 0) return halve(group);
        if (group.length > 1 && !deeds.compiled) {
          // A compiler reads all options before it ends with an error: those that it names have done what they do.
          const named = wordsInErrors(deeds.answer);
          const rest = group.filter((spelling) => !isNamed(spelling, named));
          failed += group.length - rest.length;
          if (rest.length < group.length) return rest.length === 0 ? undefined : walk(rest);
          return halve(group);
        }
        if (deeds.refused) refused += 1;
        else if (deeds.compiled) compiled += group.length;
        else failed += 1;
        for (const fault of found) blame(`${group.join(' ')}: ${fault}`);
      };
      const groups = groupsOf(sampleOf([...new Set(optionsOf(compiler).flatMap(spellingsOf))]));
      for (const [at, group] of groups.entries()) {
        await walk(group);
        if (at % 50 === 49) tell();
      }
      tell();
      expect(faults).toEqual([]);
    },
    everything ? 6 * 3600_000 : 1000 * (60 + Number(wanted)),
  );
});

describe.skipIf(!needs('strace', 'strace'))('text that makes clang crash', () => {
  it('starts no other program', async () => {
    const daemon = await startTracedDaemon(['clang']);
    try {
      const { executed } = await daemon.compile(['clang', '-c', 'a.c', '-o', 'a.o'], '#pragma clang __debug crash\n');
      expect(executed.length).toBeGreaterThan(1);
      expect(executed.filter((path) => !programOfCompiler.test(path))).toEqual([]);
    } finally {
      await daemon.end();
    }
  });
});

describe.skipIf(!needs('strace', 'strace'))('this test', () => {
  const dangerous: ReadonlyArray<readonly [string, string, string]> = [
    ['gcc', `-fdump-tree-original=/tmp/${evil}`, `wrote /tmp/${evil}`],
    ['gcc', `-fplugin=/usr/lib/${evil}`, `read /usr/lib/${evil}`],
    ['gcc', '-fstack-usage', 'wrote [^ ]*/a.su'],
    ['gcc', `-specs=${evil}`, `read [^ ]*/${evil}`],
    ['clang', `-fplugin=/usr/lib/${evil}`, `read /usr/lib/${evil}`],
  ];

  it('sees what options do that are not in the allow list', async () => {
    const permitted = dangerous.flatMap(([, option]) => ['--permit-option', option]);
    const daemon = await startTracedDaemon(['gcc', 'clang'], permitted);
    try {
      for (const [compiler, option, fault] of dangerous) {
        const plain = await daemon.compile([compiler, '-c', 'a.c', '-o', 'a.o'], source);
        const deeds = await daemon.compile([compiler, option, '-c', 'a.c', '-o', 'a.o'], source);
        expect([option, deeds.refused]).toEqual([option, false]);
        expect(faultsIn(deeds, new Set(plain.read)).join(' ')).toMatch(new RegExp(fault));
      }
    } finally {
      await daemon.end();
    }
  });
});

/** `-Xclang WORD VALUE` hands both on. */
function wordsOf(spelling: string): string[] {
  const [first = '', ...rest] = spelling.split(' ');
  return first === '-Xclang' || first === '-mllvm' ? rest.flatMap((word) => [first, word]) : [first, ...rest];
}
