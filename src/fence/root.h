#pragma once

/* Where each job's folder is in its own root. */
#define JOB_FOLDER "/.job"

/* Makes a folder the root of this process, which has a mount namespace of its own: what lies in it, the named paths
   at their own places, all for reading, and the working directory as JOB_FOLDER; what lies in the two folders cannot
   be run. The folder has the places to mount on. Then goes to a directory in it. */
void become_root(const char *root, char **paths, long count, const char *directory);
