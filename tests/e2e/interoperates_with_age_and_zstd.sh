#!/usr/bin/env bash
# What a copy compresses and encrypts, age and zstd open; what they made, a copy opens. Content of
# every size around age's chunks of 64 KiB, and of a GiB, which takes at most 64 MiB of memory; with
# the sanitizers, which take more than that and are slow, of 64 MiB.
#
# A catalog says what a file is; to copy it, nobody asks whether a snapshot is a database.
source "$(dirname "$0")/lib.sh"
for tool in age age-keygen zstd; do command -v "$tool" >/dev/null || skip "there is no $tool"; done

large_mib=1024
with_limit=yes
if has_sanitizers; then large_mib=64 with_limit=no; fi
sizes=(0 1 65535 65536 65537 $((large_mib * 1048576)))

# Our key and theirs: what is made for both, either opens.
expect 0 lifeboat keygen --key-file "$work/ours.key" -o json
ours=$(json .recipient)
age-keygen -o "$work/theirs.key" 2>/dev/null
theirs=$(age-keygen -y "$work/theirs.key")

id_of() { echo "2026-01-01_00000$1"; }
snapshot_of() { echo "snapshot_$(id_of "$1").db"; }
resources_of() { echo "static_kuberesources_$(id_of "$1").tar.gz"; }

# ---- Content ----------------------------------------------------------------------------------

# Half of it is a MiB that repeats and does not compress by itself, half is zeros that take no disk.
mkdir "$work/plain"
/usr/bin/python3 - "$work/plain" "${sizes[@]}" <<'PYTHON'
import pathlib, random, sys
MIB = 1 << 20
piece = random.Random(1).randbytes(MIB)
for number, size in enumerate(map(int, sys.argv[2:])):
    with open(pathlib.Path(sys.argv[1]) / str(number), "wb") as file:
        for begin in range(0, size, 2 * MIB):
            file.seek(begin)
            file.write(piece[:size - begin])
        file.truncate(size)
PYTHON
# Of coreutils' own, a GiB would take three times as long.
digest() { openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
digests=()
for number in "${!sizes[@]}"; do
  equal 'the size of the content' "$(stat -c %s "$work/plain/$number")" "${sizes[number]}"
  digests[number]=$(digest "$work/plain/$number")
done

# entry ROLE NUMBER FILE ENCODINGS: what a catalog says of the file, which holds that content.
entry() {
  local stored=${digests[$2]}
  [ -z "$4" ] || stored=$(digest "$3")
  jq -n --arg role "$1" --arg name "${3##*/}" --arg encoding "$4" \
    --argjson size "$(stat -c %s "$3")" --arg sha256 "$stored" \
    --argjson plain_size "${sizes[$2]}" --arg plain_sha256 "${digests[$2]}" \
    '{$role, $name, $size, $sha256, encoding: ($encoding | split(" ")), $plain_size, $plain_sha256}'
}

# write_catalog NUMBER SNAPSHOT_ENCODINGS RESOURCES_ENCODINGS: for the two files that are `there`.
write_catalog() {
  {
    entry snapshot "$1" "$(echo "$there"/snapshot_*)" "$2"
    entry static_kuberesources "$1" "$(echo "$there"/static_*)" "$3"
  } | jq -s --arg id "$(id_of "$1")" '{format: 1, $id, cluster: "prod",
    tool: {name: "by hand", version: "1"}, started: "2026-01-01T00:00:00.000Z",
    finished: "2026-01-01T00:00:00.000Z", method: "native", platform: "none", node: "",
    etcd: {db_size: 0}, members: [], files: ., warnings: []}' >"$work/backup.json"
  mv "$work/backup.json" "$there/backup.json"
}

# copy NUMBER FLAGS...: that backup between the two vaults.
from=$work/from
to=$work/to
copy() {
  local run=bounded
  [ "$with_limit" = yes ] || run='expect 0 lifeboat'
  # shellcheck disable=SC2086  # Several words.
  $run copy "$(id_of "$1")" --quiet --vault "$from" --to "$to" "${@:2}"
}

# holds NUMBER WHAT: standard input is that content.
holds() { cmp - "$work/plain/$1" >"$work/out" || wrong "not ${sizes[$1]} bytes as before: $2"; }

# empty_vaults NUMBER: both; `there` and `here` are the folders of that backup in them.
empty_vaults() {
  rm -rf "$from" "$to"
  there=$from/prod/backups/$(id_of "$1")
  here=$to/prod/backups/$(id_of "$1")
  mkdir -p "$there" "$to"
}

# ---- Ours, opened by the tools ----------------------------------------------------------------

for number in "${!sizes[@]}"; do
  empty_vaults "$number"
  ln "$work/plain/$number" "$there/$(snapshot_of "$number")"
  ln "$work/plain/$number" "$there/$(resources_of "$number")"
  write_catalog "$number" '' ''
  copy "$number" --compress zstd --encrypt-to "$ours" --encrypt-to "$theirs"

  age -d -i "$work/theirs.key" "$here/$(resources_of "$number").age" | holds "$number" 'our age'
  age -d -i "$work/ours.key" -o "$work/packed.zst" "$here/$(snapshot_of "$number").zst.age"
  zstd -dqc "$work/packed.zst" | holds "$number" 'our zstd'
  zstd -lv "$work/packed.zst" >"$work/out" 2>"$work/err"
  stdout_has 'Check: XXH64'
done

# ---- Theirs, opened by ours -------------------------------------------------------------------

# comes_back NUMBER FLAGS...: the files that the tools made of that content.
comes_back() {
  copy "$1" --compress none --allow-plain "${@:2}"
  holds "$1" "their zstd, copied with ${*:2}" <"$here/$(snapshot_of "$1")"
  holds "$1" "their age, copied with ${*:2}" <"$here/$(resources_of "$1")"
}

keys=(ours theirs)
for number in "${!sizes[@]}"; do
  empty_vaults "$number"
  zstd -qc "$work/plain/$number" |
    age -r "$ours" -r "$theirs" -o "$there/$(snapshot_of "$number").zst.age"
  age -r "$theirs" -r "$ours" -o "$there/$(resources_of "$number").age" "$work/plain/$number"
  write_catalog "$number" 'zstd age' age
  comes_back "$number" --identity "$work/${keys[number % 2]}.key"
done

# From here on others decide what memory it takes: a window is to be held, and a passphrase is hard
# to guess because each guess takes a quarter of a GiB.
with_limit=no

# Settings of zstd that a reader may meet: it is the frames that tell, not the flags.
number=4
content=$work/plain/$number
packed() {
  case $1 in
    frames)
      head -c 30000 "$content" | zstd -qc
      tail -c +30001 "$content" | zstd -qc
      ;;
    piped) zstd -qc <"$content" ;;
    'a window of 128 MiB') zstd -qc --long=27 <"$content" ;;
    *)
      # shellcheck disable=SC2086  # Several flags.
      zstd -qc $1 "$content"
      ;;
  esac
}
for form in -1 '-22 --ultra' --no-check '-T2 --rsyncable' --fast=10 frames piped \
  'a window of 128 MiB'; do
  empty_vaults "$number"
  packed "$form" >"$there/$(snapshot_of "$number").zst"
  age -r "$ours" -o "$there/$(resources_of "$number").age" "$content"
  write_catalog "$number" zstd age
  comes_back "$number" --identity "$work/ours.key"
done

# age asks for a passphrase at a terminal only.
with_passphrase() {
  /usr/bin/python3 - "$@" <<'PYTHON'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "-p", *sys.argv[1:]])
for _ in range(2):
    while not os.read(terminal, 4096).rstrip().endswith(b":"):
        pass
    os.write(terminal, b"correct horse battery staple\n")
try:
    while os.read(terminal, 4096):
        pass
except OSError:
    pass  # It has closed the terminal.
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}
echo 'correct horse battery staple' >"$work/passphrase"
empty_vaults "$number"
zstd -qo "$work/content.zst" "$content"
with_passphrase -o "$there/$(snapshot_of "$number").zst.age" "$work/content.zst"
with_passphrase -o "$there/$(resources_of "$number").age" "$content"
write_catalog "$number" 'zstd age' age
comes_back "$number" --passphrase-file "$work/passphrase"
