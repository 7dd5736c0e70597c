#!/usr/bin/env bash
# What verify says of files that are damaged, and of what is no snapshot at all: never "ok".
source "$(dirname "$0")/lib.sh"

start 1
write_history
expect 0 backup
whole=$work/whole.db
cp "$(echo "$vault"/prod/backups/*/snapshot_*.db)" "$whole"
size=$(stat -c %s "$whole")
verify_file "$whole"

# is_damaged NAME CHECK WHAT...: exit 4; the check that found it and what was said of it.
is_damaged() {
  local file=$work/$1 check=$2
  shift 2
  expect 4 lifeboat verify "$file" -o json
  equal "ok of $file" "$(json '.ok, .results[0].ok' | sort -u)" false
  equal "the checks that found something in $file" \
    "$(json '[.results[0].findings[].check] | unique | join(" ")')" "$check"
  equal "the path" "$(json '.results[0].path')" "$file"
  stdout_has "$@"
  expect 4 lifeboat verify "$file"
  stdout_has "$file" FAILED "$@"
  for check in $check; do stdout_has "  $check: $file"; done
}

# Cut anywhere: behind the meta pages, in the middle, before and within the trailer.
for bytes in 1 100 4096 $((size / 2)) $((size - 4096 - 32)); do
  head -c "$bytes" "$whole" >"$work/cut.db"
  expect 4 lifeboat verify "$work/cut.db"
  stdout_has FAILED
done
head -c $((size - 1)) "$whole" >"$work/cut.db"
is_damaged cut.db trailer 'neither part of a page'
head -c 100000 "$whole" >"$work/cut.db"
is_damaged cut.db pages 'is cut short'

cp "$whole" "$work/trailer.db"
printf '\x01\x02\x03\x04' |
  dd of="$work/trailer.db" bs=1 seek=$((size - 9)) conv=notrunc status=none
is_damaged trailer.db trailer 'does not match the SHA-256 that etcd sent'
cp "$whole" "$work/zeroed.db"
dd if=/dev/zero of="$work/zeroed.db" bs=4096 count=2 conv=notrunc status=none
is_damaged zeroed.db 'pages trailer' 'no bbolt database'

: >"$work/empty.db"
is_damaged empty.db pages 'no bbolt database' 'the file ends before it'
seq 30000 >"$work/text.db"
is_damaged text.db pages 'no bbolt database'
gzip -c "$whole" >"$work/packed.db"
is_damaged packed.db pages 'no bbolt database' 'compressed with gzip'
printf '\x28\xB5\x2F\xFD' >"$work/cut.db.zst"
is_damaged cut.db.zst files 'zstd data that ends too early'
seq 30000 >"$work/text.db.zst"
is_damaged text.db.zst files 'no zstd data'

# refused NAME CODE WHAT: one line that says what, a second that says what to do.
refused() {
  expect "$2" lifeboat verify "$work/$1"
  stderr_has "error: cannot open $work/$1" "$3" '  name a snapshot file'
  equal "lines about $1" "$(wc -l <"$work/err")" 2
  [ ! -s "$work/out" ] || wrong 'it says something on standard output'
}
refused vault 2 'it is a folder'
refused missing.db 3 'No such file'
mkfifo "$work/pipe.db"
refused pipe.db 2 'not a regular file'
ln -s missing.db "$work/dangling.db"
refused dangling.db 3 'No such file'
