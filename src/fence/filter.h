#pragma once

/* Refuses system calls that harm other jobs; 0 with errno when the kernel does not take it. */
int filter_calls(void);
