/* What the files of distcc's launcher have of each other. */
#pragma once
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef AGENT_VERSION
#define AGENT_VERSION "unknown"
#endif
#ifndef NODE
#define NODE "node"
#endif

/* The kinds of messages, as in src/client/agent/messages.ts. */
enum { JOB = 1, ENDED = 2, FAILED = 3, TEXT = 4, ASK = 5, WRITE = 16, PREPROCESS = 17, RUN = 18, EXEC = 19, EXIT = 20, NODE_INSTEAD = 21, REPORT = 22, SEND_TEXT = 23 };
enum { HEADER = 8, LONGEST = 64 * 1024 * 1024 };

extern char **environ;

/* node.c */
int find_beside(const char *name, char *path);
_Noreturn void become_node(char **words);

/* agent.c */
extern struct sockaddr_un agent_socket;
int reach_agent(void);

/* connection.c */
uint32_t get32(const unsigned char *at);
void put32(unsigned char *at, uint32_t value);
int out_of_the_way(int fd);
int dial(const struct sockaddr_un *there);
int read_all(int fd, void *bytes, size_t length);
int send_all(int fd, const void *bytes, size_t length);
int tell(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count);

/* children.c */
struct command {
  uint32_t number;
  char *path, **argv, **changes; /* the lists end with NULL */
};
char **in_front(const char *first, const char *second, char **rest);
void become(struct command *command);
int start(struct command *command, int output, pid_t *pid);
int wait_for(pid_t pid);
void die_by(int number);
void watch_signals(void);
