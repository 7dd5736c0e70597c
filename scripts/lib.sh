# shellcheck shell=bash
# What the scripts share. To be sourced, from any folder.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The etcd that tests and the demo start: Debian 12's own, or another that scripts/setup unpacked.
etcd_version=${ETCD_VERSION:-3.4}
etcd_bin=$root/build/etcd/$etcd_version/usr/bin
# etcd would take it for a setting of its own, and warn.
export -n ETCD_VERSION

# Whoever asks a script for help is told what stands at its head, and nothing is done.
case ${1-} in
  -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" && exit ;;
esac

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command silently; shows what it said only when it fails.
quietly() {
  local said
  said=$("$@" 2>&1) || {
    printf '%s\n' "$said" >&2
    fail "this failed: $*"
  }
}

# ceph_program NAME ARGUMENTS...: one of those that scripts/setup --ceph unpacked. They look for
# each other, and for their libraries, where a package would have put them.
ceph_program() {
  local libraries
  libraries=$(echo "$root"/build/ceph/usr/lib/*-linux-gnu)
  LD_LIBRARY_PATH=$libraries:$libraries/ceph:$root/build/ceph/lib/${libraries##*/} \
    "$root/build/ceph/usr/bin/$1" "${@:2}"
}

# Configures and builds a preset of CMakePresets.json.
build_preset() {
  (cd "$root" && quietly cmake --preset "$1")
  # Left out is what the linker says of any static program: that glibc would like to load more. Host
  # names are resolved without it.
  ninja -C "$root/build/$1" |
    { grep -v -e 'in statically linked applications' -e ': in function' || true; }
}
