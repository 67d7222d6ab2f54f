/* Makes COUNT nested folders below the working directory, each with a file, and closes some of them to their owner. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
  for (int left = argc > 1 ? atoi(argv[1]) : 0; left > 0; left--) {
    int here = open(".", O_RDONLY | O_DIRECTORY), file = open("file", O_CREAT | O_WRONLY, 0600);
    if (mkdir("folder", 0700) != 0 || chdir("folder") != 0) return 1;
    if (left % 100 == 1) fchmod(here, 0);
    close(file);
    close(here);
  }
  return 0;
}
