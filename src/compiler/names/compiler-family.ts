import { baseName } from './source-name.ts';

/**
 * Whether a compiler's name is one of clang's (`clang`, `clang++-14`, `x86_64-linux-gnu-clang`); for the few rules that
 * differ between gcc and clang.
 */
export function isClang(compiler: string): boolean {
  return /^(?:.*-)?clang(?:\+\+)?(?:-[0-9][0-9.]*)?$/.test(baseName(compiler));
}
