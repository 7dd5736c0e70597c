// OpenShift 4.1 to 4.3 put the snapshot and the static pod resources into one archive,
// snapshot_db_kuberesources_STAMP.tar.gz (etcd-snapshot-backup.sh of machine-config-operator):
// `snapshot.db` beside `static-pod-resources/`. This takes it apart.
//
// Every call reads the archive from its start; memory is bounded. Throws kCorrupt for what is no
// archive, is cut or damaged, or does not hold exactly one snapshot; kCancelled; what `archive` and
// `sink` throw.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/io.h"

namespace lifeboat::node {

struct SingleTar {
  std::string snapshot_name;
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t other_entries = 0;  // all but the snapshot
};

SingleTar examine_single_tar(base::RandomSource& archive, const std::stop_token& stop);

// The bytes of the snapshot.
void copy_snapshot(base::RandomSource& archive, const SingleTar& contents, base::Sink& sink,
                   const std::stop_token& stop);

// Everything else as an archive of its own, in its order: names, links, owners, modes and times as
// they are. The same archive makes the same bytes.
void copy_other_entries(base::RandomSource& archive, const SingleTar& contents, base::Sink& sink,
                        const std::stop_token& stop);

}  // namespace lifeboat::node
