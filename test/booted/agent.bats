#!/usr/bin/env bats
# The agent of a user, started by that user's own systemd. Each test starts where the one before it ended.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  build_root
  boot
  # A user manager needs it, and each Debian that somebody logs in to has it.
  debs=$("$DB" fetch "$ROOT" libpam-systemd)
  "$DB" install "$MACHINE" "$debs" >&2
  "$DB" install "$MACHINE" "$DISTCCD_DEB" >&2
  inside '
    useradd --create-home --shell /bin/bash ann
    systemctl start user@$(id -u ann).service
    cat >/usr/local/bin/as-ann <<END
#!/bin/bash
cd /home/ann
exec setpriv --reuid=ann --regid=ann --init-groups env -i PATH=/usr/bin:/bin HOME=/home/ann XDG_RUNTIME_DIR=/run/user/$(id -u ann) \
  DISTCC_HOSTS=127.0.0.1/4 DISTCC_FALLBACK=0 bash -euo pipefail -c "\$@"
END
    chmod 755 /usr/local/bin/as-ann'
  eventually 'as-ann "systemctl --user is-active default.target"'
  inside 'as-ann "echo \"int main(void) { return 0; }\" >a.c; gcc -c a.c -o local.o"'
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

ann() { inside 'as-ann "$@"' "$@"; }
agent_state() { ann 'systemctl --user show -P ActiveState distcc-agent.service'; }

@test "the units pass systemd-analyze, and are not enabled" {
  run -0 ann 'systemd-analyze --user --man=no verify /usr/lib/systemd/user/distcc-agent.* 2>&1'
  refute_output
  run -0 ann 'systemctl --user is-enabled distcc-agent.socket || true'
  assert_output disabled
}

@test "enabled, the socket has systemd start the agent for the first of many jobs" {
  ann 'systemctl --user enable --quiet --now distcc-agent.socket'
  run -0 agent_state
  assert_output inactive
  run -0 ann 'stat -c "%a %n" $XDG_RUNTIME_DIR/distcc $XDG_RUNTIME_DIR/distcc/*'
  assert_output "$(printf '%s\n' "700 /run/user/1000/distcc" "600 /run/user/1000/distcc/agent.sock")"
  ann 'for n in $(seq 32); do distcc gcc -c a.c -o $n.o & done; wait; for n in $(seq 32); do cmp $n.o local.o; done'
  run -0 inside 'pgrep -cf "[d]istcc-agent /run"'
  assert_output 1
  run -0 ann 'distcc --agent-status'
  assert_line --partial "process $(ann 'systemctl --user show -P MainPID distcc-agent.service'),"
  assert_line --partial '32 done'
}

@test "it cannot gain rights, and has nothing of the environment of jobs" {
  run -0 inside 'pid=$(pgrep -f "[d]istcc-agent /run"); grep -E "^(NoNewPrivs|Seccomp):" /proc/$pid/status | tr -s "\t" " "; tr "\0" "\n" </proc/$pid/environ; readlink /proc/$pid/cwd'
  assert_line 'NoNewPrivs: 1'
  assert_line 'Seccomp: 2'
  assert_line /
  refute_output --partial DISTCC_HOSTS
}

@test "told to stop it ends, and the next job has it started again" {
  ann 'distcc --agent-stop >/dev/null'
  eventually 'test "$(as-ann "systemctl --user show -P ActiveState distcc-agent.service")" = inactive'
  ann 'distcc gcc -c a.c -o a.o; cmp a.o local.o'
  run -0 agent_state
  assert_output active
}

@test "killed it is started again, and jobs go on" {
  ann 'kill -KILL $(systemctl --user show -P MainPID distcc-agent.service); distcc gcc -c a.c -o a.o; cmp a.o local.o'
  eventually 'test "$(as-ann "systemctl --user show -P ActiveState distcc-agent.service")" = active'
}

@test "with a drop-in it ends after a second without a job, and the next one has it started again" {
  ann 'mkdir -p ~/.config/systemd/user/distcc-agent.service.d
    printf "[Service]\nEnvironment=DISTCC_AGENT_IDLE=1\n" >~/.config/systemd/user/distcc-agent.service.d/idle.conf
    systemctl --user daemon-reload; systemctl --user restart distcc-agent.service'
  eventually 'test "$(as-ann "systemctl --user show -P ActiveState distcc-agent.service")" = inactive'
  ann 'distcc gcc -c a.c -o a.o; cmp a.o local.o'
  run -0 ann 'systemctl --user show -P Result distcc-agent.service; systemctl --user is-active distcc-agent.socket'
  assert_output $'success\nactive'
}

@test "an agent that cannot start leaves the jobs to one that distcc starts itself" {
  eventually 'test "$(as-ann "systemctl --user show -P ActiveState distcc-agent.service")" = inactive'
  ann 'printf "[Service]\nExecStart=\nExecStart=/bin/false\n" >~/.config/systemd/user/distcc-agent.service.d/broken.conf; systemctl --user daemon-reload'
  ann 'distcc gcc -c a.c -o a.o; cmp a.o local.o; distcc --agent-status'
  run -0 inside 'pgrep -cf "[d]istcc-agent /run"'
  assert_output 1
  run -0 ann 'systemctl --user is-active distcc-agent.socket || true'
  assert_output failed
}
