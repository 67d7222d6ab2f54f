import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const common = `#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "one.h"
#include "way/../up.h"
#include "twins/a/once.h"
#include "twins/b/once.h"
#define CHOSEN "chosen.h"
#include CHOSEN
#if __has_include("absent.h") || !__has_include("one.h") || !__has_include(<stdio.h>)
#error "a header is where none is, or not where one is"
#endif

static const char *here(void) { return __FILE__ ONE_FILE UP_FILE; }

int sum(const int *numbers, unsigned count) {
  int total = 0, unused;
  for (int at = 0; at < count; at++) total += numbers[at];
  assert(total != INT_MIN && "a sum");
  return TWICE(total) + ONCE_A + ONCE_B + CHOSEN_NUMBER + UP;
}

int fall(int which, char *text) {
  switch (which) {
  case 1:
    puts(here());
    /* fall through */
  case 2:
    puts("two");
  case 3:
    memset(text, which, 0);
    return printf("%s", which);
  }
#line 3 "grammar.y"
  int of_grammar = which + INT64_C(1) + OLD(which);
}
`;

const files: Readonly<Record<string, string>> = {
  'main.c': common,
  'main.cc': `#include <algorithm>
#include <map>
#include <string>
#include <vector>
${common}
template <typename T> struct Holder {
  std::map<std::string, std::vector<T>> held;
  int unused_member(int x) { return held.size() < x; }
};
int hold() { Holder<int> holder; return holder.unused_member(3) + static_cast<int>(std::max(1, 2)); }
`,
  'inc/one.h': `#ifndef ONE_H
#define ONE_H
#include <stddef.h>
#define ONE_FILE __FILE__
#define TWICE(x) ((x) * 2 + (int)sizeof(size_t))
static inline int old_way(int x) { int y; return x; }
#define OLD(x) old_way(x)
#endif
`,
  'inc/chosen.h': '#define CHOSEN_NUMBER 7\n',
  'deep/er/nothing.h': '',
  'deep/up.h': '#define UP 1\n#define UP_FILE __FILE__\n',
  'up.h': '#error "not through the link"\n',
  'twins/a/once.h': '#pragma once\n#include "value.h"\nenum { ONCE_A = VALUE };\n#undef VALUE\n#define TWIN ONCE_B\n',
  'twins/b/once.h': '#pragma once\n#include "value.h"\nenum { ONCE_B = VALUE };\n#undef VALUE\n#define TWIN ONCE_C\n',
  'twins/a/value.h': '#pragma once\n#ifndef VALUE\n#define VALUE 1\n#endif\n',
  'twins/b/value.h': '#pragma once\n#ifndef VALUE\n#define VALUE 1\n#endif\n',
  'grammar.y': 'one\ntwo\nint of_grammar = a line of the grammar;\nfour\n',
};

/**
 * Makes a small project of what a compile on another machine may do differently: `assert`, names of files, `#line`, a
 * `..` that leads through a link to a directory, equal headers with `#pragma once`, macros of system headers, computed
 * includes, and headers that are asked for and not there. `main.c` and `main.cc` compile with warnings.
 */
export function makeTrickyProject(folder: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  symlinkSync('deep/er', join(folder, 'way'));
  // Compilers take files of one content and time for one file.
  utimesSync(join(folder, 'twins/a/value.h'), 1_600_000_000, 1_600_000_000);
  utimesSync(join(folder, 'twins/b/value.h'), 1_600_000_100, 1_600_000_100);
}
