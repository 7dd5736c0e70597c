#!/usr/bin/env bash
# Completion that bash takes: commands, flags of a command, choices.
source "$(dirname "$0")/lib.sh"

expect 0 lifeboat completion bash
cat >"$work/ask" <<'ASK'
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
"$(complete -p lifeboat | sed 's/.*-F \([^ ]*\).*/\1/')" lifeboat "${COMP_WORDS[COMP_CWORD]}" ''
printf '%s\n' "${COMPREPLY[@]}"
ASK
cp "$work/out" "$work/completion"
expect 0 bash "$work/ask" "$work/completion" lifeboat ver
stdout_has verify version
expect 0 bash "$work/ask" "$work/completion" lifeboat backup --keep-l
stdout_has --keep-last
for shell in zsh fish; do
  expect 0 lifeboat completion "$shell"
  stdout_has keep-last
  ! command -v "$shell" >/dev/null || expect 0 "$shell" -n "$work/out"
done
