#pragma once

/* Leaves a program the system calls of calls.h; whether it may leave its process group is for the caller to say. 0
   with errno when the kernel does not take it. */
int filter_calls(int may_leave_group);
