#pragma once

/* Goes on in a child with user, mount and PID namespaces of its own, and IPC and UTS ones where it may, the first
   process of its PID namespace. This process stays outside, ends all of them on SIGTERM, and then as the compiler
   did: after the last of its processes. */
void begin_family(void);

/* As the first process: starts the compiler and ends after it, and with it whatever the compiler left. */
_Noreturn void run_in_family(const char *path, char **argv);
