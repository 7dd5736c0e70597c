#include "node/archive_check.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "node/gzip_check.h"
#include "node/tar_reader.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Type = ArchivedEntry::Type;

// Of the names of links that are remembered, so that memory stays bounded. No control plane has a
// thousandth of it.
constexpr std::size_t kLinkNamesBytesMax = std::size_t{8} << 20;

// Knows from the entries before where an entry would end up.
class Placement {
 public:
  void check(const ArchivedEntry& entry) {
    if (entry.type == Type::kOther) refuse(entry, "is neither file, folder nor link");
    const std::string path = check_path(entry, entry.header.name);
    const bool leads_on =
        entry.type == Type::kSymlink ||
        (entry.type == Type::kHardLink && links_.contains(check_path(entry, entry.target)));
    if (leads_on) remember(entry, path);
  }

 private:
  // Returns it without what makes no difference: "./a//b" gives "a/b".
  std::string check_path(const ArchivedEntry& entry, std::string_view path) const {
    if (path.starts_with('/')) refuse(entry, "has an absolute name, or that of its target is");
    std::string tidy;
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      const std::string_view part = path.substr(begin, end - begin);
      begin = end + 1;
      if (part.empty() || part == ".") continue;
      if (part == "..") refuse(entry, "leads out of the folder that it is unpacked in");
      if (links_.contains(tidy)) refuse(entry, cat("lies below the link ", base::printable(tidy)));
      tidy += cat(tidy.empty() ? "" : "/", part);
    }
    return tidy;
  }

  void remember(const ArchivedEntry& entry, const std::string& path) {
    link_names_bytes_ += path.size() + sizeof(std::string);
    if (link_names_bytes_ > kLinkNamesBytesMax) {
      refuse(entry, "is one symbolic link too many for a control plane");
    }
    links_.insert(path);
  }

  [[noreturn]] static void refuse(const ArchivedEntry& entry, std::string_view why) {
    throw Error(Code::kCorrupt, cat(base::printable(entry.header.name, 1000), " in it ", why));
  }

  std::set<std::string> links_;
  std::size_t link_names_bytes_ = 0;
};

bool is_openshifts(std::string_view name) {
  constexpr std::string_view kFolder = "static-pod-resources";
  if (name.starts_with("./")) name.remove_prefix(2);
  return name == kFolder || (name.starts_with(kFolder) && name[kFolder.size()] == '/');
}

}  // namespace

ArchiveContents check_archive(base::RandomSource& archive, std::stop_token stop) {
  ArchiveContents contents;
  TarReader tar(archive, stop);
  Placement placement;
  while (const auto entry = tar.next()) {
    ++contents.entries;
    placement.check(*entry);
    contents.is_openshifts = contents.is_openshifts || is_openshifts(entry->header.name);
    for (auto piece = tar.read(); !piece.empty(); piece = tar.read()) {
      contents.file_bytes += piece.size();
    }
  }
  if (contents.entries == 0) {
    throw Error(Code::kCorrupt, "it is an archive that holds nothing");
  }
  check_gzip(archive, stop);
  return contents;
}

}  // namespace lifeboat::node
