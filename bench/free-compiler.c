/* A compiler that costs nearly nothing: it writes a real object, carried inside, to the file after -o. What a server
   needs for a job beyond this is the server's own. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

__asm__(".section .rodata\n"
        ".global object_begin\nobject_begin: .incbin \"" OBJECT "\"\n"
        ".global object_end\nobject_end:\n"
        ".previous\n");
extern const char object_begin[], object_end[];

int main(int count, char **words) {
  const char *name = 0;
  for (int at = 1; at < count; at++)
    if (strcmp(words[at], "-o") == 0 && at + 1 < count) name = words[at + 1];
  if (name == 0) return 1;
  int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  size_t length = object_end - object_begin;
  return file < 0 || write(file, object_begin, length) != (ssize_t)length || close(file) != 0;
}
