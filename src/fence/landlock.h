#pragma once

/* Landlock's version in this kernel; below 1 there is none. */
int landlock_version(void);

/* In a root of its own: files are read and run, written only in the job's folder, where none is run, and on
   /dev/null. */
void keep_to_root(int version, const char *job);

/* In the machine's root: below TMPDIR, where the job's folder is the working directory, only that folder and the
   named paths. */
void keep_to_job(int version, char **paths, long count);
