import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readsFiles, sourceReason } from '../../../src/compiler/source-reasons.ts';

const none = Buffer.alloc(0);

/** A source as it is sent. */
function preprocessed(source: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'source-reasons-'));
  try {
    writeFileSync(join(folder, 'a.c'), source);
    return spawnSync('gcc', ['-E', 'a.c'], { cwd: folder }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('readsFiles()', () => {
  it.each([
    '__asm__(".incbin \\"data.bin\\"");',
    '__asm__("\\t.incbin\\t\\"data.bin\\"\\n");',
    '__asm__(".INCBIN \\"data.bin\\"");',
    '__asm__(".data\\n.include \\"x.inc\\"\\n.text\\n");',
    '#define BIN ".incbin"\n#define F "data.bin"\n__asm__(".data\\n" BIN " \\"" F "\\"\\n.text\\n");',
    '#define S(x) #x\n__asm__("." S(incbin) " " S("data.bin"));',
    '__asm__(".inc" "bin \\"data.bin\\"");',
    'asm(R"(.incbin "data.bin")");',
  ])('sees it in %s', (source) => {
    expect(readsFiles(preprocessed(source))).toBe(true);
    expect(sourceReason(preprocessed(source), none)).toMatch('reads files');
  });

  it.each([
    'int f(struct s a) { return a.include (1, "x"); }',
    'int include; const char *s = "x.include";',
    '#include <stdio.h>',
  ])('does not see it in %s', (source) => {
    expect(readsFiles(preprocessed(source))).toBe(false);
    expect(sourceReason(preprocessed(source), Buffer.from('error: x'))).toBeUndefined();
  });

  it('takes a time that grows with the text alone', () => {
    for (const piece of ['.', '."', '." ', '.i" "', '.incbin ', '.incbin" "']) {
      expect(readsFiles(Buffer.from(piece.repeat(1_000_000)))).toBe(false);
    }
  });
});

describe('sourceReason()', () => {
  it.each([
    'a.c:1:1: error: this statement may fall through [-Werror=implicit-fallthrough=]',
    "a.c:1:1: error: unused variable 'x' [-Werror,-Wunused-variable]",
  ])('knows a warning that counts as an error: %s', (messages) => {
    expect(sourceReason(none, Buffer.from(messages))).toMatch('a warning counts as an error');
  });
});
