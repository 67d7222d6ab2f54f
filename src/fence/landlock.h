#pragma once

/* Landlock's version in this kernel; below 1 for none. */
int landlock_version(void);

/* In a private root: files can be read and run everywhere except in the job's folder, and written only there and to
   /dev/null. */
void keep_to_root(int version, const char *job);

/* In the machine's root: below TMPDIR only the working directory, which is the job's folder, and the named paths can
   be used. */
void keep_to_job(int version, char **paths, long count);
