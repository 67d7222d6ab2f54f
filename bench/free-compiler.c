/* A compiler that costs nearly nothing: it writes a real object, carried inside, to the file after -o, and an empty
   dependency file where one is wanted. What a server needs for a job beyond this is the server's own. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

__asm__(".section .rodata\n"
        ".global object_begin\nobject_begin: .incbin \"" OBJECT "\"\n"
        ".global object_end\nobject_end:\n"
        ".previous\n");
extern const char object_begin[], object_end[];

static int put(const char *name, const char *bytes, size_t length) {
  int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  return file < 0 || write(file, bytes, length) != (ssize_t)length || close(file) != 0;
}

int main(int count, char **words) {
  const char *name = 0, *dependencies = 0;
  for (int at = 1; at + 1 < count; at++) {
    if (strcmp(words[at], "-o") == 0) name = words[at + 1];
    else if (strcmp(words[at], "-MF") == 0) dependencies = words[at + 1];
  }
  if (name == 0) return 1;
  static const char rule[] = "object.o:\n";
  if (dependencies != 0 && put(dependencies, rule, sizeof rule - 1) != 0) return 1;
  return put(name, object_begin, (size_t)(object_end - object_begin));
}
