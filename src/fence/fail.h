#pragma once

/* As distccd's own: src/basics/exit-status.ts. */
enum { GENERAL = 100, BAD_ARGUMENTS = 101, COMPILER_MISSING = 110 };

/* Says what could not be done, to what, and why (errno); ends the process. */
_Noreturn void fail(int status, const char *what, const char *whom);
