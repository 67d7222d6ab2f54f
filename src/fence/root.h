#pragma once

/* Where each job's folder is in its own root. */
#define JOB_FOLDER "/.job"

/* Makes a folder the root of this process, which has its own mount namespace. The root shows the folder's content
   and the named paths, all read-only, and the working directory as JOB_FOLDER, in which nothing can be run. The
   folder must have the mount points. */
void become_root(const char *root, char **paths, long count);
