import type { Part } from './canonical-word.ts';
import { directoryName, matching, targetName } from './value-grammars.ts';
import type { Grammar } from './value-grammars.ts';

/**
 * The words that are permitted for a part of the compiler: those without a value, and those with a value in the next
 * word.
 */
interface PermittedWords {
  readonly alone: Grammar;
  /** Words whose value is the next word, and the permitted values. */
  readonly withNext: ReadonlyMap<string, Grammar>;
}

/**
 * GNU as accepts abbreviated long names, and several letters in one word, so only whole words are permitted here. `-a`
 * is not: it prints files.
 */
const assemblerWord = matching(
  new RegExp(
    [
      String.raw`--(?:no)?execstack`,
      String.raw`--fatal-warnings`,
      String.raw`--no-warn`,
      String.raw`--warn`,
      String.raw`--divide`,
      String.raw`--strip-local-absolute`,
      String.raw`--crel`,
      String.raw`--gsframe`,
      String.raw`--longcalls`,
      String.raw`--isa=\w+`,
      String.raw`--g(?:dwarf-?[2-5]|stabs\+?)`,
      String.raw`-g(?:dwarf-?[2-5]|stabs\+?)?`,
      String.raw`--?(?:32|64|x32)`,
      String.raw`-[CJLSWZlpqsv]`,
      String.raw`-quiet`,
      String.raw`-a(?:32|64)`,
      String.raw`--compress-debug-sections(?:=[a-z-]+)?`,
      String.raw`--no-pad-sections`,
      String.raw`--trap`,
      String.raw`--undeclared-regs`,
      String.raw`--no-type-check`,
      String.raw`-f?no-execstack`,
      String.raw`-execstack`,
      String.raw`-fatal-warnings`,
      String.raw`-dsp`,
      String.raw`-vdiv4`,
      String.raw`-force_cpusubtype_ALL`,
      String.raw`-isa=\w*`,
      String.raw`-A[a-z0-9]+`,
      String.raw`-xarch=\w+`,
      String.raw`-m(?!llvm)[a-zA-Z0-9][a-zA-Z0-9.-]*(?:=(?:[A-Za-z0-9_+-][A-Za-z0-9_.+:-]*)?)?`,
    ].join('|'),
  ),
);

/** A symbol and a number for `--defsym`. */
const symbolValue = matching(/[A-Za-z_]\w*=[0-9a-fA-Fx]+/);

const assemblerMap: Grammar = (value) => directoryName(value) && value.includes('=');

/** Words for clang's front end that only affect how code is generated. */
const frontEndWord = matching(
  new RegExp(
    [
      String.raw`--dependent-lib=[\w+-][\w.+-]*`,
      String.raw`-coverage-no-function-names-in-data`,
      String.raw`-debug-info-kind=[a-z-]+`,
      String.raw`-disable-(?:llvm-passes|lifetime-markers|O0-optnone)`,
      String.raw`-f(?:no-)?(?:assume-unique-vtables|cuda-allow-variadic-functions|experimental-new-pass-manager|legacy-pass-manager|openmp|relaxed-template-template-args|use-ctor-homing)`,
      String.raw`-fno-cxx-modules`,
      String.raw`-fno-modules`,
      String.raw`-fno-pch-timestamp`,
      String.raw`-flto-visibility-public-std`,
      String.raw`-gcodeview(?:-ghash)?`,
      String.raw`-mcode-object-version=[A-Za-z0-9_]+`,
      String.raw`-mconstructor-aliases`,
      String.raw`-mnoexecstack`,
      String.raw`-mrelax-relocations=\w+`,
      String.raw`-msoft-float`,
      String.raw`-mstrict-align`,
      String.raw`-no-implicit-float`,
      String.raw`-no-opaque-pointers`,
      String.raw`-std=[a-z][0-9a-z+]*`,
      String.raw`-O[0-3s]`,
      String.raw`-W(?:no-)?[a-z0-9+][a-z0-9+-]*`,
    ].join('|'),
  ),
);

/**
 * LLVM's own options that builds use. Each version has about 2,000; dozens of them name files, and no document lists
 * which.
 */
export const llvmNames: ReadonlySet<string> = new Set(
  `
  O0 amdgpu-lower-global-ctor-dtor arm-enable-ehabi arm-use-movt asan-globals asan-instrument-reads
  asan-instrumentation-with-call-threshold asan-stack asan-use-private-alias combiner-global-alias-analysis
  dom-tree-reachability-max-bbs-to-explore enable-fs-discriminator enable-load-pre enable-machine-outliner
  enable-ml-inliner enable-name-compression enable-order-file-instrumentation enable-shrink-wrap
  exhaustive-register-search hexagon-cext hexagon-eif hwasan-globals hwasan-instrument-reads import-hot-multiplier
  import-instr-limit improved-fs-discriminator inline-threshold inlinedefault-threshold inlinehint-threshold
  instcombine-lower-dbg-declare jump-is-expensive limited-coverage-experimental loongarch-enable-merge-offset
  msan-disable-checks msan-keep-going no-warn-sample-unused nvptx-emit-init-fini-kernel openmp-opt-disable
  pbqp-coalescing pgo-temporal-instrumentation regalloc regalloc-enable-advisor replexitval
  riscv-v-vector-bits-min runtime-counter-relocation sanitizer-coverage-block-threshold
  sanitizer-coverage-prune-blocks simplifycfg-dup-ret sparc-reserve-app-registers stack-alignment
  tail-merge-threshold tsan-compound-read-before-write tsan-distinguish-volatile vectorize-slp x86-cmov-converter
  `
    .trim()
    .split(/\s+/),
);

const llvmShape = matching(/--?[A-Za-z0-9-]+(?:=[A-Za-z0-9_+-][A-Za-z0-9_.+:-]*)?/);

const llvmWord: Grammar = (word) => llvmShape(word) && llvmNames.has(word.replace(/^--?/, '').split('=', 1)[0] ?? '');

/** The allow list of each part that the driver hands words on to. */
export const handedOnOptions: Readonly<Record<Exclude<Part, 'driver'>, PermittedWords>> = {
  assembler: {
    alone: assemblerWord,
    withNext: new Map([
      ['--debug-prefix-map', assemblerMap],
      ['--defsym', symbolValue],
      ['-defsym', symbolValue],
      ['-fdebug-compilation-dir', directoryName],
    ]),
  },
  'front end': {
    alone: frontEndWord,
    withNext: new Map([
      ['-fdebug-compilation-dir', directoryName],
      ['-mllvm', llvmWord],
      ['-target-cpu', targetName],
      ['-target-feature', matching(/[+-][a-z0-9.-]+/)],
    ]),
  },
  llvm: { alone: llvmWord, withNext: new Map() },
};
