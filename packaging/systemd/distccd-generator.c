/* distccd-generator: turns the settings of /etc/default into drop-ins of distccd's units, see systemd.generator(7).

   systemd runs it at boot and at daemon-reload, before any service: it reads two small files, writes four or five,
   and ends within a millisecond. The settings are data and not run by a shell. At a daemon-reload it reads the
   copies of the settings in force, which distccd-settings keeps. "distccd-generator --check" reports what is wrong
   with the settings, for "distccd --check", which reads the results from the drop-ins: no other program parses the
   files. Nothing is guessed: a listener that is not an address keeps the socket from starting; everything else is
   left for distccd to judge. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum setting { ALLOWEDNETS, LISTENER, PORT, JOBS, NICE, ZEROCONF, STATS, DISTCCD_OPTIONS, PERMIT_OPTIONS, SETTINGS };
static const char *const names[SETTINGS] = {"ALLOWEDNETS", "LISTENER", "PORT",          "JOBS",          "NICE",
                                            "ZEROCONF",    "STATS",    "DISTCCD_OPTIONS", "PERMIT_OPTIONS"};

/* The values of one file; NULL for settings that it lacks. */
struct settings {
  char *values[SETTINGS];
};

static char refusal[1024]; /* why the sockets must not start; empty when they may */

__attribute__((format(printf, 1, 2))) static void refuse(const char *format, ...) {
  if (refusal[0] != '\0') return;
  va_list list;
  va_start(list, format);
  vsnprintf(refusal, sizeof refusal, format, list);
  va_end(list);
}

static int warning_too; /* what has no effect is said when somebody asks, not at each daemon-reload */

__attribute__((format(printf, 1, 2))) static void warn(const char *format, ...) {
  if (!warning_too) return;
  va_list list;
  va_start(list, format);
  fputs("distccd: Warning: ", stdout);
  vprintf(format, list);
  putchar('\n');
  va_end(list);
}

static void *must(void *memory) {
  if (memory == NULL) exit(1);
  return memory;
}

/* ---- what is not a setting ---- */

/* The Levenshtein distance of two names, ignoring case: how many letters must be added, removed or changed. */
static size_t distance(const char *one, size_t length, const char *other) {
  size_t row[32], width = strlen(other);
  for (size_t at = 0; at <= width; at++) row[at] = at;
  for (size_t from = 1; from <= length; from++) {
    size_t diagonal = row[0];
    row[0] = from;
    for (size_t at = 1; at <= width; at++) {
      size_t change = diagonal + (toupper((unsigned char)one[from - 1]) != other[at - 1]);
      size_t least = row[at] < row[at - 1] ? row[at] + 1 : row[at - 1] + 1;
      diagonal = row[at];
      row[at] = change < least ? change : least;
    }
  }
  return row[width];
}

/* The setting that was probably meant: a name a few letters away, or an abbreviation. */
static const char *nearest(const char *name, size_t length) {
  const char *found = NULL;
  size_t least = length / 3 > 2 ? length / 3 : 2;
  for (enum setting which = 0; which < SETTINGS; which++) {
    size_t away = distance(name, length, names[which]);
    if (away > least || away >= length) continue;
    least = away;
    found = names[which];
  }
  for (enum setting which = 0; found == NULL && length > 3 && which < SETTINGS; which++)
    if (strlen(names[which]) > length && memmem(names[which], strlen(names[which]), name, length) != NULL) found = names[which];
  return found;
}

/* A text from a file, without control characters. */
static const char *shown(const char *text, size_t length) {
  static char copy[64];
  size_t at = 0;
  for (; at < length && at < sizeof copy - 4; at++) copy[at] = text[at] >= ' ' && text[at] <= '~' ? text[at] : '?';
  strcpy(copy + at, at < length ? "..." : "");
  return copy;
}

/* Not for settings that are explained in the file. */
static void warn_of_name(const char *name, size_t length, const char *path, int number) {
  const char *near = nearest(name, length);
  if (strncmp(name, "STARTDISTCC=", 12) == 0) {
    /* Debian's distcc has this setting in its own file, for its own service. */
    if (strcmp(strrchr(path, '/'), "/distccd") == 0)
      warn("%s: line %d: STARTDISTCC has no effect here: \"systemctl enable --now distccd.socket\" switches distccd on, \"disable --now\" off", path,
           number);
  } else if (near != NULL) warn("%s: line %d: %s is not a setting and has no effect; %s is one", path, number, shown(name, length), near);
  else warn("%s: line %d: %s is not a setting and has no effect", path, number, shown(name, length));
}

static void warn_of_line(const char *line, size_t length, const char *path, int number) {
  const char *after = line + length + strspn(line + length, " \t");
  if (length > 0 && *after == '=')
    warn("%s: line %d has no effect: write %s= without a blank before the \"=\"", path, number, shown(line, length));
  else warn("%s: line %d has no effect: \"%s\" is not NAME=\"value\"", path, number, shown(line, strlen(line)));
}

/* ---- reading ---- */

/* The value of one assignment, with quotes removed and parts joined as in sh, but nothing expanded; NULL when a
   quote is not closed. `rest` is the text after it. */
static char *read_value(const char *text, const char **rest) {
  char *value = must(calloc(1, strlen(text) + 1)), *end = value, quote = '\0';
  for (; *text != '\0'; text++) {
    if (quote == '\0' && (isspace((unsigned char)*text) || *text == ';')) break;
    if (quote == '\0' && (*text == '"' || *text == '\'')) quote = *text;
    else if (*text == quote) quote = '\0';
    else if (*text == '\\' && quote != '\'' && text[1] != '\0' && (quote == '\0' || strchr("\"\\$`", text[1]))) *end++ = *++text;
    else *end++ = *text;
  }
  *rest = text;
  if (quote == '\0') return value;
  free(value);
  return NULL;
}

static void set_value(struct settings *settings, enum setting which, const char *text, const char *path, int number) {
  const char *rest;
  char *value = read_value(text, &rest);
  if (value == NULL) {
    refuse("%s: the quote after %s= does not end on its line", path, names[which]);
    return;
  }
  rest += strspn(rest, " \t");
  if (*rest != '\0' && *rest != '#')
    warn("%s: line %d: \"%s\" is not part of %s and has no effect: put the whole value in quotes", path, number, shown(rest, strlen(rest)),
         names[which]);
  for (char *at = value; *at != '\0'; at++) {
    if (*at == '\t') *at = ' ';
    /* systemd would ignore a line with such a character, and with it the networks. */
    if (*at >= ' ' && *at <= '~') continue;
    refuse("%s: %s has a character in it that is not printable ASCII", path, names[which]);
    *at = ' ';
  }
  free(settings->values[which]);
  settings->values[which] = value;
}

static void read_line(const char *line, const char *path, int number, struct settings *settings) {
  line += strspn(line, " \t");
  if (*line == '\0' || *line == '#') return;
  if (strncmp(line, "export ", 7) == 0) line += 7 + strspn(line + 7, " \t");
  size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  if (length == 0 || line[length] != '=') {
    warn_of_line(line, length, path, number);
    return;
  }
  for (enum setting which = 0; which < SETTINGS; which++) {
    if (strlen(names[which]) != length || strncmp(line, names[which], length) != 0) continue;
    set_value(settings, which, line + length + 1, path, number);
    return;
  }
  warn_of_name(line, length, path, number);
}

/* Reads a file; a missing one sets nothing. */
static void read_settings(const char *path, struct settings *settings) {
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t size = 0;
  int number = 0;
  if (file == NULL) {
    if (errno != ENOENT) refuse("cannot read %s: %s", path, strerror(errno));
    return;
  }
  for (ssize_t length; (length = getline(&line, &size, file)) >= 0;) {
    if (strlen(line) != (size_t)length) refuse("%s: there is a NUL in it: it must be text", path);
    line[strcspn(line, "\r\n")] = '\0';
    read_line(line, path, ++number, settings);
  }
  free(line);
  fclose(file);
}

/* Our file wins, for each setting separately. If it has networks but no listener, that means every address, not the
   other file's listener. */
static struct settings merge(const struct settings *debian, const struct settings *ours) {
  struct settings both;
  for (enum setting which = 0; which < SETTINGS; which++)
    both.values[which] = ours->values[which] != NULL ? ours->values[which] : debian->values[which];
  const struct settings *source = ours->values[ALLOWEDNETS] != NULL ? ours : debian;
  if (ours->values[LISTENER] == NULL && source->values[ALLOWEDNETS] != NULL) both.values[LISTENER] = source->values[LISTENER];
  if (both.values[LISTENER] == NULL && both.values[ALLOWEDNETS] == NULL)
    both.values[LISTENER] = (char *)(access("/proc/net/if_inet6", F_OK) == 0 ? "127.0.0.1 ::1" : "127.0.0.1");
  if (both.values[LISTENER] == NULL) both.values[LISTENER] = (char *)"";
  if (both.values[ALLOWEDNETS] == NULL || both.values[ALLOWEDNETS][strspn(both.values[ALLOWEDNETS], " ")] == '\0')
    both.values[ALLOWEDNETS] = (char *)"127.0.0.0/8 ::1";
  if (both.values[PORT] == NULL || both.values[PORT][0] == '\0') both.values[PORT] = (char *)"3632";
  return both;
}

/* ---- writing ---- */

/* Opens a drop-in whose name sorts before the administrator's, so that those win. */
static FILE *open_drop_in(const char *folder, const char *unit, const char *section) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s.d", folder, unit);
  if (mkdir(path, 0755) != 0 && errno != EEXIST) return NULL;
  snprintf(path, sizeof path, "%s/%s.d/0-settings.conf", folder, unit);
  FILE *file = fopen(path, "we");
  if (file != NULL) fprintf(file, "# From /etc/default/distccd and /etc/default/distcc.\n[%s]\n", section);
  return file;
}

/* Writes text inside double quotes of a unit file. */
static void write_quoted(FILE *file, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', file);
    if (*text == '%') fputc('%', file);
    fputc(*text, file);
  }
}

/* Writes each word of a value, each after the option. */
static void write_each(FILE *file, const char *option, const char *value) {
  char *copy = must(strdup(value)), *rest = NULL;
  for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    fprintf(file, " %s ", option);
    write_quoted(file, word);
  }
  free(copy);
}

static int is_number(const char *text, long least, long most) {
  char *end;
  if (text == NULL) return 0;
  errno = 0;
  long number = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : least - 1;
  return errno == 0 && number >= least && number <= most && *end == '\0';
}

static void write_address(FILE *file, const char *word, const char *port) {
  unsigned char address[16];
  char plain[64];
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(word, "%"), word);
  /* An address that the machine gets only later must not make the socket fail at boot. */
  if (inet_pton(AF_INET, word, address) == 1) fprintf(file, "ListenStream=%s:%s\nFreeBind=yes\n", word, port);
  else if (inet_pton(AF_INET6, plain, address) == 1 && strspn(word, "0123456789abcdefABCDEF:.%_-ghijklmnopqrstuvwxyz") == strlen(word)) {
    fputs("ListenStream=[", file);
    write_quoted(file, word);
    fprintf(file, "]:%s\nFreeBind=yes\n", port);
  } else refuse("LISTENER in /etc/default names \"%s\", which is not an address: write one such as 192.168.1.5, or nothing for every address", word);
}

static void write_socket(FILE *file, const struct settings *settings) {
  const char *port = settings->values[PORT];
  char *listener = must(strdup(settings->values[LISTENER])), *rest = NULL;
  if (!is_number(port, 1, 65535)) refuse("PORT=\"%s\" in /etc/default is not a port: write a number from 1 to 65535", port);
  if (refusal[0] == '\0') {
    fputs("ListenStream=\n", file);
    char *word = strtok_r(listener, " ", &rest);
    if (word == NULL) fprintf(file, "BindIPv6Only=both\nListenStream=%s\n", port);
    for (; word != NULL; word = strtok_r(NULL, " ", &rest)) write_address(file, word, port);
  }
  free(listener);
  /* With Accept=yes each job is a separate process, and only the socket can limit their number. */
  long most = is_number(settings->values[JOBS], 1, 1000) ? atol(settings->values[JOBS]) : sysconf(_SC_NPROCESSORS_ONLN) + 2;
  fprintf(file, "MaxConnections=%ld\n", most);
  /* A socket unit needs an address, but with a refusal it never starts to listen. */
  if (refusal[0] != '\0') fputs("ListenStream=\nListenStream=127.0.0.1:3632\n", file);
}

/* Whether a setting is "true", or Debian's "YES". */
static int is_on(const struct settings *settings, enum setting which) {
  const char *value = settings->values[which];
  return value != NULL && (strcmp(value, "true") == 0 || strcmp(value, "YES") == 0);
}

static void check_switch(const struct settings *settings, enum setting which) {
  static const char *const known[] = {"", "true", "YES", "false", "NO"};
  const char *value = settings->values[which];
  if (value == NULL) return;
  for (size_t at = 0; at < sizeof known / sizeof *known; at++)
    if (strcmp(value, known[at]) == 0) return;
  warn("%s=\"%s\" in /etc/default means nothing and is taken as \"false\": write \"true\" or \"false\"", names[which], shown(value, strlen(value)));
}

/* Whether only this machine can connect. */
static int is_alone(const struct settings *settings) {
  char *listener = must(strdup(settings->values[LISTENER])), *rest = NULL;
  char *word = strtok_r(listener, " ", &rest);
  int alone = word != NULL;
  for (; word != NULL; word = strtok_r(NULL, " ", &rest))
    if (strncmp(word, "127.", 4) != 0 && strcmp(word, "::1") != 0) alone = 0;
  free(listener);
  return alone;
}

/* Makes a unit start and stop with the sockets. */
static int bring_along(const char *folder, const char *unit) {
  char path[PATH_MAX], target[PATH_MAX];
  snprintf(path, sizeof path, "%s/distccd.socket.wants", folder);
  if (mkdir(path, 0755) != 0 && errno != EEXIST) return 0;
  snprintf(path, sizeof path, "%s/distccd.socket.wants/%s", folder, unit);
  snprintf(target, sizeof target, "/usr/lib/systemd/system/%s", unit);
  return symlink(target, path) == 0 || errno == EEXIST;
}

/* Writes the announcing unit's drop-in: the service itself cannot reach Avahi. */
static int write_announcement(const char *folder, const struct settings *settings) {
  const char *jobs = settings->values[JOBS];
  if (!is_on(settings, ZEROCONF) || is_alone(settings) || refusal[0] != '\0') return 1;
  FILE *file = open_drop_in(folder, "distccd-announce.service", "Service");
  if (file == NULL) return 0;
  fprintf(file, "Environment=\"DISTCCD_ANNOUNCED=%s%s%s\"\n", settings->values[PORT], is_number(jobs, 1, 1000) ? " " : "",
          is_number(jobs, 1, 1000) ? jobs : "");
  return fclose(file) == 0 && bring_along(folder, "distccd-announce.service");
}

/* Writes the drop-in of the statistics page's socket. */
static int write_stats(const char *folder, const struct settings *settings) {
  return !is_on(settings, STATS) || refusal[0] != '\0' || bring_along(folder, "distccd-stats.socket");
}

static int opens_files(void) {
  glob_t found;
  int newest = 0;
  if (glob("/usr/lib/systemd/libsystemd-shared-*.so", 0, NULL, &found) != 0 &&
      glob("/usr/lib/*/systemd/libsystemd-shared-*.so", 0, NULL, &found) != 0)
    return 0;
  for (size_t at = 0; at < found.gl_pathc; at++) {
    int version = atoi(strstr(found.gl_pathv[at], "-shared-") + strlen("-shared-"));
    if (version > newest) newest = version;
  }
  globfree(&found);
  return newest >= 253;
}

/* Since version 253 systemd can open the journal for a service that cannot see its socket. An older one would warn
   about that line; there the daemon sees the socket, and distccd-fence hides it from compilers. */
static void write_journal(FILE *file) {
  if (opens_files()) fputs("OpenFile=/run/systemd/journal/socket:journal:graceful\n", file);
  else fputs("BindReadOnlyPaths=-/run/systemd/journal/socket:/run/journal\n", file);
}

static void write_service(FILE *file, const struct settings *settings, const char *more) {
  const char *jobs = settings->values[JOBS], *nice = settings->values[NICE], *options = settings->values[DISTCCD_OPTIONS];
  /* distccd may not change its priority in the service. A wrong value is left for distccd to refuse. */
  if (nice != NULL && is_number(nice, 0, 20)) fprintf(file, "Nice=%s\n", strcmp(nice, "20") == 0 ? "19" : nice);
  fprintf(file, "Environment=\"DISTCCD_SETTINGS=%s", more);
  write_each(file, "--allow", settings->values[ALLOWEDNETS]);
  if (jobs != NULL && jobs[strspn(jobs, " ")] != '\0') {
    fputs(" --jobs ", file);
    write_quoted(file, jobs);
  }
  if (nice != NULL && nice[strspn(nice, " ")] != '\0' && !is_number(nice, 0, 20)) {
    fputs(" --nice ", file);
    write_quoted(file, nice);
  }
  if (settings->values[PERMIT_OPTIONS] != NULL) write_each(file, "--permit-option", settings->values[PERMIT_OPTIONS]);
  if (options != NULL) {
    fputc(' ', file);
    write_quoted(file, options);
  }
  fputs("\"\n", file);
}

/* Writes the drop-in of distccd-port@PORT.service, which listens itself. Its compilers may only reach the networks
   of its clients. */
static void write_own_port(FILE *file, const struct settings *settings) {
  unsigned char address[16];
  fputs("Environment=\"DISTCCD_LISTEN=", file);
  write_each(file, "--listen", settings->values[LISTENER]);
  fputs("\"\n", file);
  char *copy = must(strdup(settings->values[ALLOWEDNETS])), *rest = NULL;
  for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    char *slash = strchr(word, '/');
    if (slash != NULL) *slash = '\0';
    int is_address = inet_pton(AF_INET, word, address) == 1 || inet_pton(AF_INET6, word, address) == 1;
    if (is_address && (slash == NULL || is_number(slash + 1, 0, 128)))
      fprintf(file, "IPAddressAllow=%s%s%s\n", word, slash == NULL ? "" : "/", slash == NULL ? "" : slash + 1);
  }
  free(copy);
}

static struct settings read_both(const char *folder) {
  char path[PATH_MAX];
  struct settings debian = {{NULL}}, ours = {{NULL}};
  refusal[0] = '\0';
  snprintf(path, sizeof path, "%s/distcc", folder);
  read_settings(path, &debian);
  snprintf(path, sizeof path, "%s/distccd", folder);
  read_settings(path, &ours);
  return merge(&debian, &ours);
}

/* Reports what is wrong with the settings; returns 1 when the sockets must not start. */
static int check(const char *folder) {
  warning_too = 1;
  struct settings both = read_both(folder);
  char *unused = NULL;
  size_t size = 0;
  FILE *nowhere = must(open_memstream(&unused, &size));
  write_socket(nowhere, &both);
  fclose(nowhere);
  free(unused);
  check_switch(&both, ZEROCONF);
  check_switch(&both, STATS);
  /* A server that only this machine can reach is not announced. */
  if (is_on(&both, ZEROCONF) && is_alone(&both))
    warn("ZEROCONF in /etc/default is not followed, since only this machine is served: ALLOWEDNETS or LISTENER there opens the service to a network");
  if (refusal[0] != '\0') printf("distccd: ERROR: %s\n", refusal);
  return refusal[0] != '\0';
}

/* The settings in force: those of the last restart, with what later reloads could change without a restart. */
static struct settings read_in_force(const char *applied, const char *reloaded, struct settings now) {
  struct settings both = access(applied, F_OK) == 0 ? read_both(applied) : now;
  if (access(reloaded, F_OK) != 0) return both;
  struct settings later = read_both(reloaded);
  later.values[LISTENER] = both.values[LISTENER];
  later.values[PORT] = both.values[PORT];
  later.values[STATS] = both.values[STATS];
  return later;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "", *defaults = argc > 4 ? argv[4] : "/etc/default";
  const char *applied = argc > 5 ? argv[5] : "/run/distccd-settings/applied";
  const char *reloaded = argc > 6 ? argv[6] : "/run/distccd-settings/reloaded";
  if (strcmp(folder, "--check") == 0) return check(argc > 2 ? argv[2] : "/etc/default");
  if (argc < 4) {
    fprintf(stderr, "usage: distccd-generator NORMAL EARLY LATE [DEFAULTS [APPLIED [RELOADED]]] | --check [DEFAULTS]\n");
    return 2;
  }
  FILE *socket = open_drop_in(folder, "distccd.socket", "Socket");
  FILE *service = open_drop_in(folder, "distccd.service", "Service");
  FILE *one_client = open_drop_in(folder, "distccd@.service", "Service");
  FILE *own_port = open_drop_in(folder, "distccd-port@.service", "Service");
  if (socket == NULL || service == NULL || one_client == NULL || own_port == NULL) {
    fprintf(stderr, "distccd-generator: cannot write below %s: %s\n", folder, strerror(errno));
    return 1;
  }
  struct settings now = read_both(defaults);
  write_journal(own_port);
  write_own_port(own_port, &now);
  write_service(own_port, &now, "");
  struct settings both = read_in_force(applied, reloaded, now);
  const char *options = both.values[DISTCCD_OPTIONS] == NULL ? "" : both.values[DISTCCD_OPTIONS];
  write_socket(socket, &both);
  write_journal(service);
  /* With the statistics page the daemon does not end when idle, since that would reset its counters. */
  int ends = strstr(options, "--idle-exit") == NULL && !is_on(&both, STATS);
  write_service(service, &both, ends ? "--idle-exit 600" : "");
  write_service(one_client, &both, "");
  int added = write_announcement(folder, &both) && write_stats(folder, &both);
  return !added || fclose(socket) != 0 || fclose(service) != 0 || fclose(one_client) != 0 || fclose(own_port) != 0;
}
