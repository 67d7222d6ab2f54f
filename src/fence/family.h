#pragma once

/* Continues in a child with user, mount and PID namespaces of its own, also IPC and UTS where permitted; it is the
   first process of its PID namespace. This process stays outside, kills all of them on SIGTERM, and ends as the
   compiler did, after the last of its processes. */
void begin_family(void);

/* In the first process: starts the compiler and ends after it, which kills everything that the compiler left. */
_Noreturn void run_in_family(const char *path, char **argv);
