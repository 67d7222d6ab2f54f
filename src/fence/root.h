#pragma once

/* Where each job's folder is in its own root. */
#define JOB_FOLDER "/.job"

/* Makes a folder the root of this process, which has a mount namespace of its own: what lies in it, the named paths
   at their own places, all for reading, and the working directory as JOB_FOLDER, where nothing can be run. The
   folder has the places to mount on. */
void become_root(const char *root, char **paths, long count);
