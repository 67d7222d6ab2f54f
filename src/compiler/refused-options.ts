import { OptionTable } from './option-table.ts';
import type { OptionRule } from './option-table.ts';
import { refusedForward } from './refused-forwards.ts';

const crossGrammar = 'makes clang read its command line in another way';
const elsewhere = 'makes the compiler write a file elsewhere';
const headers = 'names a header, but a server gets preprocessed text';
const loadsCode = 'loads code into the compiler';
const modules = 'makes the compiler use modules of the server';
const programs = 'chooses the programs that the compiler runs';
const readsFiles = 'makes the compiler read other files of the server';
const hides = 'hides an option from the checks of the server';
const rewrites = 'lets the compiler rewrite files';

/** Whether a path leads out of the folder that a job may write to. */
function leavesFolder(path: string): boolean {
  return path.startsWith('/') || path.split('/').includes('..');
}

/** Whether the file name behind the first `=` leads out of the job's folder: `-fdump-tree-all=/etc/x=y`. */
function fileLeavesFolder(rest: string): boolean {
  return rest.includes('=') && leavesFolder(rest.slice(rest.indexOf('=') + 1));
}

/**
 * What a server does not let a stranger tell its compiler, sorted. `--sysroot` and `-isysroot` are no part of it: they only say where
 * headers and libraries are looked for, cross builds need them, and a file that a server must not show is for its account and sandbox
 * to hide, since assembler text (`.incbin`) can read any file.
 */
export const refusedOptions: OptionTable<OptionRule> = new OptionTable<OptionRule>([
  { option: '--amdgpu-arch-tool', form: 'start', because: programs },
  { option: '--config', form: 'start', because: 'makes clang read options from a file of the server' },
  { option: '--cuda-path', form: 'start', because: programs },
  {
    option: '--driver-mode',
    form: 'start',
    only: (rest) => rest !== '=gcc' && rest !== '=g++',
    because: crossGrammar,
  },
  { option: '--dumpbase', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '--dumpdir', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '--dyld-prefix', form: 'start', because: programs },
  { option: '--gcc-install-dir', form: 'start', because: programs },
  { option: '--gcc-toolchain', form: 'start', because: programs },
  { option: '--hip-', form: 'start', because: programs },
  { option: '--hipspv-pass-plugin', form: 'start', because: loadsCode },
  { option: '--imacros', form: 'value', only: leavesFolder, because: headers },
  { option: '--include', form: 'value', only: leavesFolder, because: headers },
  { option: '--ld-path', form: 'start', because: programs },
  { option: '--libomptarget-', form: 'start', because: loadsCode },
  { option: '--linker-path', form: 'start', because: programs },
  { option: '--migrate', form: 'start', because: rewrites },
  { option: '--nvlink-path', form: 'start', because: programs },
  { option: '--nvptx-arch-tool', form: 'start', because: programs },
  { option: '--offload-arch-tool', form: 'start', because: programs },
  { option: '--output', form: 'start', because: elsewhere },
  { option: '--prefix', form: 'start', because: programs },
  { option: '--ptxas-path', form: 'start', because: programs },
  { option: '--rocm-', form: 'start', because: programs },
  { option: '--serialize-diagnostics', form: 'value', because: elsewhere },
  { option: '--specs', form: 'start', because: programs },
  { option: '-B', form: 'value', because: programs },
  { option: '-MF', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '-MJ', form: 'value', because: elsewhere },
  // Clients keep words for the preprocessor and the linker to themselves; whoever sends them here has something else in mind.
  { option: '-Wl,', form: 'start', because: hides },
  { option: '-Wp,', form: 'start', because: hides },
  { option: '-Xarch_', form: 'start', because: hides },
  { option: '-Xclang=', form: 'start', because: hides },
  { option: '-Xcuda-', form: 'start', because: hides },
  { option: '-Xlinker', form: 'start', because: hides },
  { option: '-Xoffload-', form: 'start', because: hides },
  { option: '-Xopenmp-target', form: 'start', because: hides },
  { option: '-Xpreprocessor', form: 'start', because: hides },
  { option: '-arcmt-', form: 'start', because: rewrites },
  { option: '-aux-info', form: 'value', because: elsewhere },
  { option: '-auxbase', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '-auxbase-strip', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '-cc1', form: 'start', because: 'goes round the part of clang that the checks of the server know' },
  { option: '-ccc-', form: 'start', because: programs },
  { option: '-dependency-dot', form: 'value', because: elsewhere },
  { option: '-dependency-file', form: 'value', because: elsewhere },
  { option: '-dsym-dir', form: 'value', because: elsewhere },
  { option: '-dumpbase', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '-dumpdir', form: 'value', only: leavesFolder, because: elsewhere },
  { option: '-dyld-prefix', form: 'start', because: programs },
  { option: '-fauto-profile=', form: 'start', because: readsFiles },
  { option: '-fbasic-block-sections=list=', form: 'start', because: readsFiles },
  { option: '-fbuild-session-file=', form: 'start', because: readsFiles },
  { option: '-fcppprog=', form: 'start', because: programs },
  { option: '-fcrash-diagnostics-dir=', form: 'start', because: elsewhere },
  { option: '-fdeps-file=', form: 'start', because: elsewhere },
  { option: '-fdiagnostics-add-output=', form: 'start', only: (rest) => rest.includes('file='), because: elsewhere },
  { option: '-fdiagnostics-set-output=', form: 'start', only: (rest) => rest.includes('file='), because: elsewhere },
  { option: '-fdump-', form: 'start', only: fileLeavesFolder, because: elsewhere },
  { option: '-fembed-offload-object=', form: 'start', because: readsFiles },
  { option: '-fgo-c-header=', form: 'start', because: elsewhere },
  { option: '-fgo-embedcfg=', form: 'start', because: readsFiles },
  { option: '-fltrans-output-list=', form: 'start', because: elsewhere },
  { option: '-fmodule-', form: 'start', because: modules },
  { option: '-fmodules-cache-path=', form: 'start', because: modules },
  { option: '-fmodules-embed-file=', form: 'start', because: modules },
  { option: '-fmodules-user-build-path', form: 'start', because: modules },
  { option: '-fopenmp-host-ir-file-path', form: 'start', because: readsFiles },
  { option: '-fopt-info', form: 'start', only: fileLeavesFolder, because: elsewhere },
  { option: '-foptimization-record-file=', form: 'start', only: leavesFolder, because: elsewhere },
  { option: '-fpass-plugin', form: 'start', because: loadsCode },
  { option: '-fplugin', form: 'start', because: loadsCode },
  { option: '-fprebuilt-module-path=', form: 'start', because: modules },
  { option: '-fproc-stat-report=', form: 'start', because: elsewhere },
  { option: '-fprofile-dir=', form: 'start', only: leavesFolder, because: elsewhere },
  { option: '-fprofile-instr-use=', form: 'start', because: readsFiles },
  { option: '-fprofile-list=', form: 'start', because: readsFiles },
  { option: '-fprofile-note=', form: 'start', because: elsewhere },
  { option: '-fprofile-remapping-file=', form: 'start', because: readsFiles },
  { option: '-fprofile-sample-use=', form: 'start', because: readsFiles },
  { option: '-fprofile-use=', form: 'start', because: readsFiles },
  { option: '-fresolution=', form: 'start', because: readsFiles },
  { option: '-frewrite-map-file', form: 'start', because: readsFiles },
  { option: '-fsanitize-blacklist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-coverage-allowlist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-coverage-blacklist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-coverage-ignorelist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-coverage-whitelist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-ignorelist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-system-blacklist=', form: 'start', because: readsFiles },
  { option: '-fsanitize-system-ignorelist=', form: 'start', because: readsFiles },
  { option: '-fself-test=', form: 'start', because: readsFiles },
  { option: '-fthin-link-bitcode=', form: 'start', because: elsewhere },
  { option: '-fthinlto-index=', form: 'start', because: readsFiles },
  { option: '-ftime-trace=', form: 'start', only: leavesFolder, because: elsewhere },
  { option: '-fuse-ld-path', form: 'start', because: programs },
  { option: '-fuse-ld=', form: 'start', only: (linker) => linker.includes('/'), because: programs },
  { option: '-fxray-always-instrument=', form: 'value', because: readsFiles },
  { option: '-fxray-attr-list=', form: 'value', because: readsFiles },
  { option: '-fxray-never-instrument=', form: 'value', because: readsFiles },
  { option: '-gcc-toolchain', form: 'start', because: programs },
  { option: '-gen-cdb-fragment-path', form: 'value', because: elsewhere },
  { option: '-imacros', form: 'value', only: leavesFolder, because: headers },
  { option: '-include', form: 'value', only: leavesFolder, because: headers },
  { option: '-include-pch', form: 'value', because: headers },
  { option: '-index-store-path', form: 'value', because: elsewhere },
  { option: '-iplugindir', form: 'start', because: loadsCode },
  { option: '-ivfsoverlay', form: 'start', because: readsFiles },
  { option: '-module-dependency-dir', form: 'value', because: elsewhere },
  { option: '-objcmt-', form: 'start', because: rewrites },
  { option: '-serialize-diagnostics', form: 'value', because: elsewhere },
  { option: '-specs', form: 'start', because: programs },
  { option: '-time=', form: 'start', because: elsewhere },
  { option: '-vfsoverlay', form: 'start', because: readsFiles },
  { option: '-working-directory', form: 'start', because: 'moves the compiler out of its folder' },
  { option: '-wrapper', form: 'start', because: programs },
  { option: '@', form: 'start', because: 'makes the compiler read options from a file of the server' },
]);

/** A word that a server refuses, with its value where it has one, and what it does, as the end of a sentence that begins with the word. */
export interface RefusedOption {
  readonly option: string;
  readonly because: string;
}

/**
 * A word of a command that would make a compiler run or load something, read other files, or write elsewhere than to its object.
 * Every word is looked at, also one that is another option's value: compilers pair options and values in more ways than a table can.
 */
export function refusedOption(argv: readonly string[]): RefusedOption | undefined {
  const forward = refusedForward(argv);
  if (forward !== undefined) return forward;
  for (let at = 1; at < argv.length; at += 1) {
    const match = refusedOptions.find(argv, at);
    if (match !== undefined) return { option: match.text, because: match.rule.because };
  }
  return undefined;
}
