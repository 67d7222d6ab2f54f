#pragma once

/* Exit statuses, the same as in src/basics/exit-status.ts. */
enum { GENERAL = 100, BAD_ARGUMENTS = 101, COMPILER_MISSING = 110 };

/* Prints what could not be done, to what, and why (errno); exits. */
_Noreturn void fail(int status, const char *what, const char *whom);
