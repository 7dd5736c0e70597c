#include "node/archive_check.h"

#include <string_view>

#include "base/error.h"
#include "node/gzip_check.h"
#include "node/tar_reader.h"

namespace lifeboat::node {
namespace {

bool is_openshifts(std::string_view name) {
  constexpr std::string_view kFolder = "static-pod-resources";
  if (name.starts_with("./")) name.remove_prefix(2);
  return name == kFolder || (name.starts_with(kFolder) && name[kFolder.size()] == '/');
}

}  // namespace

ArchiveContents check_archive(base::RandomSource& archive, std::stop_token stop) {
  ArchiveContents contents;
  TarReader tar(archive, stop);
  while (const auto entry = tar.next()) {
    ++contents.entries;
    contents.is_openshifts = contents.is_openshifts || is_openshifts(entry->header.name);
    for (auto piece = tar.read(); !piece.empty(); piece = tar.read()) {
      contents.file_bytes += piece.size();
    }
  }
  if (contents.entries == 0) {
    throw base::Error(base::Code::kCorrupt, "it is an archive that holds nothing");
  }
  check_gzip(archive, stop);
  return contents;
}

}  // namespace lifeboat::node
