import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayReadFiles } from '../../../../src/compiler/content/reading-assembler.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'distcc-assembler-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sources that have the assembler read "data.bin", each as somebody could write it. */
const readers: readonly string[] = [
  'asm(".incbin \\"data.bin\\"");',
  'asm(".INCBIN \\"data.bin\\"");',
  'void f(void) { __asm__ __volatile__ ( ".IncBin\\t\\"data.bin\\"" ); }',
  'asm("nop; .incbin \\"data.bin\\",1,1");',
  'asm("nop\\n\\t.include \\"data.bin\\"");',
  'asm(".inc" "bin \\"data.bin\\"");',
  'asm(".inc"\n\n# 1 "other.h" 1\n "bin \\"data.bin\\"");',
  'asm(".inc\\142in \\"data.bin\\"");',
  'asm(".\\x69ncbin \\"data.bin\\"");',
  'asm("\\56\\x69\\x6e" "clude \\"data.bin\\"");',
  'asm(R"(.incbin "data.bin")");',
  'asm(R"x(.inc)x" "bin \\"data.bin\\"");',
  'asm(".macro m x\\n.inc\\\\x \\"data.bin\\"\\n.endm\\nm bin");',
  'asm(".irp x,incbin\\n.\\\\x \\"data.bin\\"\\n.endr");',
  'asm(".macro m x\\n\\\\x\\\\()ncbin \\"data.bin\\"\\n.endm\\nm .i");',
  'asm(".macro m x, y:vararg\\n\\\\x\\\\()ncbin \\\\y\\n.endm"); asm("m .i, \\"data.bin\\"");',
  'asm(".altmacro\\n.macro m x\\n.&x \\"data.bin\\"\\n.endm\\nm incbin");',
  'int bin; void f(void) { asm volatile(".inc%c0 \\"data.bin\\"" : : "i"(&bin)); }',
  'void f(void) { asm volatile(".i{n|x}cbin \\"data.bin\\"" : : "i"(0)); }',
  'int x __attribute__((section(".foo\\n.incbin \\"data.bin\\"\\n#")));',
];

/** Texts as whole programs have them, which read nothing. */
const others: readonly string[] = [
  'int main(void) { return 0; }',
  'extern int scanf(const char *, ...) __asm__ ("" "__isoc99_scanf");',
  'const char *help = ".incbin \\"data.bin\\"";',
  'void f(void) { asm volatile("jmp .L%=\\n.L%=:\\n\\tnop" : : : "memory"); }',
  'void f(void) { asm volatile("mov %0, %%eax" : : "r"(1)); }',
  'int x __attribute__((section(".data.included")));',
  'asm(".pushsection .text.a,\\"ax\\"\\n.popsection");',
  'asm(".macro nothing\\nnop\\n.endm\\nnothing");',
];

/** Whether gcc compiles a text where the file is, and not where it is not. */
function reads(text: string): boolean {
  const compile = (): number | null =>
    spawnSync('gcc', ['-std=gnu11', '-c', 'a.i', '-o', 'a.o'], { cwd: folder }).status;
  writeFileSync(join(folder, 'a.i'), `# 1 "a.c"\n${text}\n`);
  writeFileSync(join(folder, 'data.bin'), '# 5\n');
  const there = compile();
  rmSync(join(folder, 'data.bin'));
  return there === 0 && compile() !== 0;
}

const hasGcc = spawnSync('gcc', ['--version']).status === 0;

describe('mayReadFiles()', () => {
  it.each(readers)('sees that %s does', (text) => {
    expect(mayReadFiles(Buffer.from(`int before;\n${text}\n`))).toBe(true);
  });

  it.runIf(hasGcc).each(readers)('knows from gcc that %s does', (text) => {
    expect(reads(text)).toBe(true);
  });

  it.each(others)('sees that %s does not', (text) => {
    expect(mayReadFiles(Buffer.from(`int before;\n${text}\n`))).toBe(false);
  });

  it.runIf(hasGcc).each(others)('knows from gcc that %s does not', (text) => {
    expect(reads(text)).toBe(false);
  });

  it('takes text that the compiler works out for text that reads', () => {
    expect(mayReadFiles(Buffer.from('asm((text()));'))).toBe(true);
  });

  it('reads on after an open literal, many of them, and a text that is cut off', () => {
    for (const text of ['asm("', 'asm(R"x(', 'asm(', 'asm("\\', 'asm("\\x', `asm("${'\\'.repeat(9999)}`]) {
      expect(mayReadFiles(Buffer.from(text))).toBe(false);
    }
    expect(mayReadFiles(Buffer.from('asm ('.repeat(50_000)))).toBe(false);
  });
});
