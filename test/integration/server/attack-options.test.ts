import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgedOptions } from '../../support/judged.ts';
import { needs } from '../../support/needs.ts';
import { evil, installedCompilers, optionsOf, spellingsOf } from '../../support/option-lists.ts';
import { type Deeds, startTracedDaemon, type TracedDaemon } from '../../support/traced-daemon.ts';

/**
 * DISTCCD_ATTACK_OPTIONS=all goes through every spelling that the allow list has (`npm run attack-options`, which takes hours) and one in
 * twenty of the others; a number goes through so many of each compiler.
 */
const wanted = process.env['DISTCCD_ATTACK_OPTIONS'] ?? '40';
const everything = wanted === 'all';
const seed = Number(process.env['DISTCCD_ATTACK_SEED'] ?? Math.floor(Math.random() * 1e9));

const source = 'int f(int *a) { int s = 0; for (int i = 0; i < 99; i++) s += a[i]; return s; }\n';

/** Where the parts of compilers are, and what every program of the system reads. */
const partOfSystem =
  /^\/(?:usr\/)?lib(?:32|64|x32)?\/|^\/usr\/(?:share|include|bin|[a-z0-9_]+-linux-gnu)(?:\/|$)|^\/etc\/(?:ld\.so|locale|selinux|[\w-]+-release$|debian_version)|^\/proc\/|^\/sys\/|^\/dev\/(?:null|urandom)$|^\/tmp$/;
const programOfCompiler =
  /\/(?:distccd-fence|cc1|cc1plus|(?:[\w-]+-)?as|(?:[\w+-]+-)?(?:gcc|g\+\+|clang|clang\+\+)(?:-[0-9.]+)?)$/;

/** In the job's own folder: the source, the object, the messages, and what a compiler keeps there meanwhile. */
const ownFile =
  /(?:\/distccd-spool-[^/]+\/[^/]+|^\/\.job)(?:\/(?:a\.ii?|a\.o|\.stdout|\.stderr|cc\w{6}(?:\.\w+)?|a-[0-9a-f]+(?:-[0-9a-f]+)?\.(?:s|o|bc)(?:\.tmp)?|a\.o-?[0-9a-f]*\.tmp|a\.o\.tmp))?$/;

/** What is wrong with the deeds of a compiler, where a plain compile reads some files as well. */
function faultsIn({ read, written, executed }: Deeds, plain: ReadonlySet<string>): string[] {
  const isStrange = (path: string): boolean => path.includes(evil) || !(partOfSystem.test(path) || ownFile.test(path));
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

/** Whether some word of it is kept; what is left out for being needless cannot do anything. */
function reachesCompiler(spelling: string): boolean {
  const judgement = judgedOptions(wordsOf(spelling));
  return judgement.refused === undefined && judgement.words.length > 0;
}

const compilers = installedCompilers();

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
      let [compiled, refused] = [0, 0];
      for (const spelling of sampleOf([...new Set(optionsOf(compiler).flatMap(spellingsOf))])) {
        const deeds = await job(compiler, wordsOf(spelling));
        if (deeds.refused) refused += 1;
        else compiled += 1;
        if (deeds.refused && deeds.executed.length > 0) blame(`${spelling}: refused, and started something`);
        for (const fault of faultsIn(deeds, known)) blame(`${spelling}: ${fault}`);
        if ((compiled + refused) % 1000 === 0) console.log(`${compiler}: ${compiled + refused} spellings so far`);
      }
      console.log(`${compiler}: ${compiled} spellings compiled, ${refused} refused, ${faults.length} faults`);
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
