/* What the files of the launcher share. */
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
#include <sys/mman.h>
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

/* The kinds of messages, as in src/wire/agent. */
enum { JOB = 1, ENDED = 2, FAILED = 3, TEXT = 4, ASK = 5, CONTENT = 6, FOUND = 7, SAVED = 8, PING = 9, ANSWER = 10 };
enum { STAMPS = 11, INPUT = 12, TARGETS = 13, CHECKED = 14, REACHED = 15 };
enum { WRITE = 16, PREPROCESS = 17, RUN = 18, EXEC = 19, EXIT = 20, PRIVATE = 21, REPORT = 22, SEND_TEXT = 23 };
enum { SHOW = 24, READ = 25, LOOK = 26, SAVE = 27, APPEND = 28, GO_ON = 29, PONG = 30, TAKE = 31 };
enum { CARRY = 32, SAVE_ANSWER = 33, KEEP = 34, MORE = 35, STAMP = 36, FETCH = 37, FOLLOW = 38, CHECK_OUTPUT = 39 };
enum { PROBE = 40, GATE = 41, LAST = GATE };
enum { HEADER = 8, PIECE = 1024 * 1024, LONGEST = 64 * 1024 * 1024, MEANWHILE_MS = 2 };

/* How an answer ends, as in src/wire/agent: with the object, with an offer of the host that may follow it, or with
   the dependency file. */
enum ending { WITH_OBJECT, WITH_OFFER, WITH_DEPENDENCIES };
enum { LARGEST_ANSWER = 1024 * 1024 * 1024 };
#define NOT_KNOWN UINT32_MAX

/* What ENDED reports about an output: it is the source, or a compiler could not write it. */
enum { OUTPUT_IS_SOURCE = 1, NOT_WRITABLE = 2 };

/* How SAVE writes a file: follow links, as a compiler does that opens its output by name; or refuse an existing
   name. */
enum { THROUGH_LINKS = 1, NEW_NAME = 2 };

#ifdef __FreeBSD__
#define SYSTEM_HOSTS "/usr/local/etc/distcc/hosts"
#else
#define SYSTEM_HOSTS "/etc/distcc/hosts"
#endif

extern char **environ;
extern char **own_words; /* our argv */

/* distcc.c */
int says(const char *variable, const char *value);
int renew(int *fd, const char *name);
int do_writes(int fd);

/* programs.c */
struct program {
  char path[PATH_MAX];
  struct stat found;
};
int is_ours(const char *path, const struct stat *found);
int find_beside(const char *name, char *path);
const char *variable_in(char **environment, const char *name);
int find_program(const char *name, const char *path, struct program *program);
int look(int fd, const unsigned char *bytes, size_t length);
_Noreturn void become_commands(void);

/* agent.c */
extern struct sockaddr_un agent_socket;
int reach_agent(void);
int start_private(void);

/* connection.c */
uint32_t get32(const unsigned char *at);
void put32(unsigned char *at, uint32_t value);
void put64(unsigned char *at, uint64_t value);
char *read_strings(char *at, const char *end, char **list, uint32_t count);
extern pid_t private_agent;
int out_of_the_way(int fd);
int make_pair(int *pair);
void be_patient(int fd);
int dial(const struct sockaddr_un *there);
int read_all(int fd, void *bytes, size_t length);
int send_all(int fd, const void *bytes, size_t length);
int tell(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count);
int tell_with_next(int fd, uint32_t kind, const uint32_t *numbers, uint32_t count);
void write_all(int fd, const unsigned char *bytes, size_t length);

/* children.c */
struct command {
  uint32_t number; /* 1: in a process group of its own, APART: in a session of its own */
  char **argv, **changes, *source, *output; /* the lists end with NULL */
  struct program program;
};
struct kept {
  int text, messages; /* where a preprocessor's stdout and stderr go */
  int found, remarks; /* the same of a program that the agent only asks something */
  int body;           /* a body that the agent has made, for a host */
  int answer;         /* the answer of a host */
};
extern struct kept memories;
enum { APART = 2 };
enum child { PROGRAM, SSH };
void *hold(void *memory);
void release_held(void);
char **in_front(const char *first, const char *second, char **rest);
void become(struct command *command);
int start(struct command *command, const int *streams, enum child which);
int watch_program(void);
int wait_for_program(void);
void leave_ssh(int broken);
void die_by(int number);
_Noreturn void end_like(int status);
void watch_signals(void);

/* files.c */
extern const char *volatile unfinished;
uint32_t look_at_output(const char *source, const char *output);
int copy_file(const char *path, int to);
int save(int fd, size_t length, int memory);
int take_body(int fd, size_t length, int to);
void append(const unsigned char *bytes, size_t length);
int read_for_agent(int fd, const unsigned char *bytes, size_t length);
int read_hosts(char *path, const unsigned char **text, size_t *length);

/* carry.c */
int begin_carrying(int agent, const unsigned char *bytes, size_t length);
int carry_text(int text_is_there);
int carry_more(int agent, const unsigned char *bytes, size_t length);
int carry_body(int agent, size_t length);
int give_way_up(void);

/* answer.c */
void begin_answer(void);
int is_whole(size_t come, enum ending ending);
int is_question(void);
int lacks_offer_only(size_t come, enum ending ending);
int drop_offer(void);
uint32_t length_of_dependencies(void);

/* inputs.c */
int tell_stamps(int fd, const unsigned char *bytes, size_t length);
int fetch_inputs(int fd, const unsigned char *bytes, size_t length);
int tell_targets(int fd, const unsigned char *bytes, size_t length);
int look_at_gate(unsigned char *bytes, size_t length);
int take_gate(void);

/* alone.c */
_Noreturn void compile_alone(const char *why);
