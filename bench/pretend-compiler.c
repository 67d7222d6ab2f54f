/* A compiler and preprocessor that costs nearly nothing. With -E it writes the source to its output; else it sleeps for
   SLEEP_MS and writes a small object to the file after -o. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words) {
  const char *name = 0, *source = 0;
  int preprocess = 0;
  static char bytes[65536];
  for (int at = 1; at < count; at++) {
    if (strcmp(words[at], "-E") == 0) preprocess = 1;
    else if (strcmp(words[at], "-o") == 0 && at + 1 < count) name = words[++at];
    else if (words[at][0] != '-' && strchr(words[at], '.')) source = words[at];
  }
  if (preprocess) {
    int file = source == 0 ? -1 : open(source, O_RDONLY);
    ssize_t length;
    while ((length = read(file, bytes, sizeof bytes)) > 0)
      if (write(1, bytes, (size_t)length) != length) return 1;
    return length != 0;
  }
  struct timespec pause = {SLEEP_MS / 1000, SLEEP_MS % 1000 * 1000000L};
  if (SLEEP_MS > 0) nanosleep(&pause, 0);
  int file = name == 0 ? -1 : open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  return file < 0 || write(file, bytes, 2048) != 2048 || close(file) != 0;
}
