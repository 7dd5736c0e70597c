// Puts files of a live node into an archive, each as it was at one moment.
//
// Small ones, and that is all that a control plane should have, are read whole before anything of
// them is written, again by their name where they changed meanwhile. Large ones are streamed, and
// what the archive has of one that changes is no more than named. A tar header says the size first:
// a file that becomes shorter behind it is filled up with zeros.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "node/tar_writer.h"
#include "os/host_tree.h"

namespace lifeboat::node {

// A larger file is left out, and named. No control plane has a reason for one; a sparse file of
// exabytes would be read for weeks.
inline constexpr std::uint64_t kArchivedFileBytesMax = std::uint64_t{4} << 30;

// Which files: those at `paths` and below, by their paths below `base`.
struct FileSelection {
  std::string base;
  std::vector<std::string> paths;       // none below another
  std::set<std::string> expected = {};  // were there a moment ago: what is gone is a problem
  std::set<std::string> left_out = {};  // files that are not to be in it, and that were named
  std::vector<os::FileId> vaults = {};  // folders that must not be in it, and are named
};

struct ArchivedFiles {
  std::uint64_t entries = 0;
  // What is not in the archive, or not as it should be: a sentence each. Beyond a hundred they are
  // only counted.
  std::vector<std::string> problems;
};

// Does not finish `tar`. Advances `progress` by the bytes of files. Throws kCancelled within a
// moment, and what `tar` throws; what the tree throws is a problem.
ArchivedFiles archive_files(os::HostTree& host, const FileSelection& selection, TarWriter& tar,
                            base::Progress& progress, std::stop_token stop);

}  // namespace lifeboat::node
