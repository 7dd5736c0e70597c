// The control plane's own manifests, certificates and keys, as a tar archive: the half of a backup
// that is not in etcd.
//
// OpenShift: of kube-apiserver, kube-controller-manager, kube-scheduler and etcd the revision that
// the live manifest names, with paths relative to /etc/kubernetes, as cluster-restore.sh of
// openshift/cluster-etcd-operator takes them; of 4.1 to 4.3, whose etcd has no revisions,
// static-pod-resources/etcd-member instead. kubeadm: manifests/ and pki/, relative to
// /etc/kubernetes. k3s, RKE2: token, tls/ and cred/ below server/, relative to that. Where one of
// these is a symbolic link, what it leads to is taken as well, as long as that is in the same base.
//
// A live node's files change under one's hands. A file that vanishes or changes while it is read is
// never passed over in silence: it is read again, and named if it does not come to rest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/io.h"
#include "base/progress.h"
#include "node/control_plane.h"
#include "os/host_tree.h"

namespace lifeboat::node {

// What goes into the archive.
struct StaticPods {
  std::string base;  // folder of the node; the names in the archive are relative to it
  std::vector<std::string> paths;  // files and folders below `base`, sorted; empty: nothing there
  std::vector<std::string> problems;  // what should be there and is not, a sentence each
  // What there was at these paths and below, by its path below `base`: the size of a file, 0 for
  // what is none.
  std::map<std::string, std::uint64_t> files = {};
  // Files that are not to be archived after all, and that somebody named.
  std::set<std::string> left_out = {};
  std::vector<os::FileId> vaults = {};  // as find_static_pods took them
};

// Which files are the control plane's. A manifest that is missing, that names a revision which is
// not there, or that can't be looked at is a problem and not an error: the rest is still worth
// having. The folder `vault`, should it be among them, is none of theirs. Throws kCancelled.
StaticPods find_static_pods(os::HostTree& host, Platform platform,
                            const std::vector<os::FileId>& vaults, std::stop_token stop);

// What the archive of `pods` takes at most, roughly: for the room that is needed, before anything
// is written. A file that is too large to be archived counts nothing.
std::uint64_t estimate_size_bytes(const StaticPods& pods);

struct ArchivedPods {
  std::uint64_t entries = 0;
  // Files that could not be read, vanished since they were found or did not come to rest, and what
  // was left out because it is neither file, folder nor symbolic link, too large, or the vault: a
  // sentence each, with the path. Beyond a hundred they are only counted.
  std::vector<std::string> problems;
};

// Writes the archive (tar, gzip) to `sink`, which it does not finish. The same tree gives the same
// bytes. Entries are sorted by name and carry owner, mode and time of modification; symbolic links
// are stored as links; of several names for one file, all but the first are stored as hard links.
// User and group names come from the node's own etc/passwd and etc/group where those can be read.
// Advances `progress` by the bytes of files. Throws kCancelled, and what the sink throws.
ArchivedPods archive_static_pods(os::HostTree& host, const StaticPods& pods, base::Sink& sink,
                                 base::Progress& progress, std::stop_token stop);

}  // namespace lifeboat::node
