#pragma once

/* Restricts this process to the system calls of calls.h. `may_leave_group` is whether it may leave its process
   group. Returns 0 with errno when the kernel refuses the filter. */
int filter_calls(int may_leave_group);
