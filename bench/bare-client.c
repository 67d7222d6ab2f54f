/* The least a client can do: `bare-client gcc -c SOURCE -o OBJECT` has the preprocessor write to memory, sends that to
   the server on $BARE_PORT of this machine and writes the object that comes back. It looks for no host, waits for no
   slot and believes whatever it is told: what make reaches with it is the best that any client could reach. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **words) {
  if (count != 6) return 2;
  char *preprocessor[] = {words[1], "-E", words[3], NULL}, head[1024];
  int text = memfd_create("text", MFD_CLOEXEC), status = 1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, text, 1);
  pid_t pid;
  if (posix_spawnp(&pid, words[1], &actions, NULL, preprocessor, environ) != 0) return 3;
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(getenv("BARE_PORT")))};
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(server, (struct sockaddr *)&place, sizeof place) != 0) return 4;
  struct stat found;
  if (waitpid(pid, &status, 0) != pid || status != 0 || fstat(text, &found) != 0) return 5;
  size_t size = (size_t)found.st_size, length = 0;
  char *source = mmap(NULL, size, PROT_READ, MAP_SHARED, text, 0);
  if (source == MAP_FAILED) return 6;
  length += (size_t)sprintf(head, "DIST00000001ARGC00000005");
  for (int at = 1; at < count; at++)
    length += (size_t)sprintf(head + length, "ARGV%08zx%s", strlen(words[at]), words[at]);
  length += (size_t)sprintf(head + length, "DOTI%08zx", size);
  struct iovec parts[2] = {{head, length}, {source, size}};
  if (writev(server, parts, 2) != (ssize_t)(length + size)) return 7;
  static char answer[1 << 20];
  size_t got = 0;
  for (ssize_t more; (more = read(server, answer + got, sizeof answer - got)) > 0;) got += (size_t)more;
  /* DONE, STAT, and an empty SERR and SOUT come before the object. */
  if (got < 60 || memcmp(answer + 12, "STAT00000000SERR00000000SOUT00000000DOTO", 40) != 0) return 8;
  int object = open(words[5], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  return object < 0 || write(object, answer + 60, got - 60) != (ssize_t)(got - 60) || close(object) != 0;
}
